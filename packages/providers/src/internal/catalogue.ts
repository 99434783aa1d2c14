/**
 * The list of models of an API, all of its pages.
 */
import type { Page } from "@video-tasks/core/CometCatalogueWire"
import type { CatalogueModel, VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { WireProblem } from "@video-tasks/core/WireProblem"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { annotate, type Api, failure, unsupported } from "./api.ts"
import type * as Classify from "./classify.ts"
import * as Http from "./http.ts"
import * as ReadOutcome from "./readOutcome.ts"

/** Where an API lists its models. */
export interface Catalogue {
  /** Of the first page. */
  readonly path: string
  readonly toPage: (body: unknown) => Result.Result<Page, WireProblem>
}

/** The most pages that are read. The largest known catalogue has 302 models, on one page. */
const maxPages = 50

/** The longest page that is read, in bytes: the largest known has 200 kB, and a catalogue has no other way to be read. */
const maxBytes = 8_388_608

export const models = (api: Api, catalogue: Catalogue | undefined): VideoProvider["models"] =>
  Effect.gen(function*() {
    yield* annotate(api, {})
    const { id } = api.configuration
    if (catalogue === undefined) return yield* unsupported(api, "models", `${id} documents no list of models.`)
    const found = new Map<string, CatalogueModel>()
    let path: string | undefined = catalogue.path
    for (let count = 0; count < maxPages && path !== undefined; count++) {
      const before: number = found.size
      const page: Page = yield* pageAt(api, path, catalogue.toPage)
      for (const model of page.models) found.set(`${model.id} ${model.code ?? ""}`, withSpec(api, model))
      // A server that knows no pages gives the same one again.
      path = found.size === before ? undefined : after(path, page, found.size)
    }
    return [...found.values()]
  }).pipe(Effect.withSpan(`${api.name}.models`))

/** Where the next page is; `undefined` after the last one. */
const after = (path: string, { page, pageSize, total }: Page, read: number): string | undefined => {
  if (page === undefined || total === undefined || read >= total) return undefined
  const [route = "", query = ""] = path.split("?", 2)
  const next = new URLSearchParams(query)
  next.set("page", String(page + 1))
  // The first page may have another size when nobody asks for one.
  if (pageSize !== undefined && pageSize > 0) next.set("page_size", String(pageSize))
  return `${route}?${next.toString()}`
}

const pageAt = Effect.fnUntraced(function*(
  api: Api,
  path: string,
  toPage: Catalogue["toPage"]
): Effect.fn.Return<Page, VideoTaskError> {
  const fail = failure(api, "models")
  const answer = yield* Effect.mapError(
    // The catalogue is public: the key has no business there.
    api.send({ method: "GET", path, bearer: false, maxBytes }),
    (problem) => fail(ReadOutcome.unanswered(problem))
  )
  const question: Classify.Question = { operation: "models" }
  const body = ReadOutcome.json(answer, question)
  if (Result.isFailure(body)) return yield* fail(body.failure, { requestId: Http.requestIdOf(answer) })
  const read = toPage(body.success)
  return Result.isSuccess(read)
    ? read.success
    : yield* fail(ReadOutcome.misread(answer, read.failure, question), { requestId: Http.requestIdOf(answer) })
})

const withSpec = (api: Api, model: CatalogueModel): CatalogueModel => {
  const spec = api.families.flatMap(({ family }) => family.models).find(({ id }) => id === model.id)
  return spec === undefined ? model : { ...model, spec }
}
