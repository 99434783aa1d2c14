/**
 * What requests cost: the catalogues of the providers, each read at most once an hour.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import * as Price from "@video-tasks/core/Price"
import * as Redact from "@video-tasks/core/Redact"
import type { CatalogueModel, Family, VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

/** How long a catalogue may take, in ms. */
const timeoutMs = 15_000

/** How many providers a program has at most whose catalogues are kept. */
const capacity = 256

/** A catalogue, or the words for why there is none, and whether there may be one later. */
type Catalogue = ReadonlyArray<CatalogueModel> | string

interface Unread {
  readonly unread: string
}

/** @internal */
export interface Prices {
  /** What a request costs; asks for the catalogue where it has to. */
  readonly estimate: (provider: VideoProvider, family: Family, request: VideoRequest) => Effect.Effect<Price.Estimate>
  /** The same from what is known already; sends nothing. */
  readonly recall: (provider: VideoProvider, family: Family, request: VideoRequest) => Effect.Effect<Price.Estimate>
  /** Whether any model of the provider is known to have a price; sends nothing. */
  readonly hasPrices: (provider: VideoProvider) => Effect.Effect<boolean>
}

/** @internal */
export const make = Effect.fnUntraced(function*(
  providers: VideoProviders["Service"]
): Effect.fn.Return<Prices> {
  const catalogues = yield* Cache.makeWith((id: string) => read(providers, id), {
    capacity,
    // A catalogue that could not be read is asked for again soon, but not by each submit.
    timeToLive: (exit) => Exit.isSuccess(exit) ? "1 hour" : "1 minute"
  })
  return {
    estimate: (provider, family, request) =>
      Effect.map(
        Effect.catch(Cache.get(catalogues, provider.id), (unread) => Effect.succeed<Catalogue | Unread>(unread)),
        (catalogue) => explain(provider, request, specOf(family, request), catalogue)
      ),
    recall: (provider, family, request) =>
      Effect.map(
        Cache.getSuccess(catalogues, provider.id),
        (catalogue) =>
          explain(provider, request, specOf(family, request), Option.getOrElse(catalogue, () => "nobody asked for it"))
      ),
    hasPrices: ({ families, id }) =>
      Effect.map(Cache.getSuccess(catalogues, id), (catalogue) => {
        const listed = Option.getOrElse(catalogue, () => "")
        return families.some(({ models }) => models.some(({ price }) => price !== undefined)) ||
          (typeof listed !== "string" && listed.some((model) => Result.isSuccess(Price.read(model))))
      })
  }
})

const specOf = (family: Family, request: VideoRequest): ModelSpec | undefined =>
  family.models.find((model) => model.id === request.model)

/** A provider without a catalogue has none for an hour too; one that fails may have one in a minute. */
const read = (providers: VideoProviders["Service"], id: string): Effect.Effect<Catalogue, Unread> =>
  Effect.flatMap(providers.get(id, "models"), (provider) => provider.models).pipe(
    Effect.timeoutOrElse({
      duration: timeoutMs,
      orElse: () => Effect.fail(`no complete answer within ${timeoutMs / 1000} s`)
    }),
    Effect.catchDefect((defect) => Effect.fail(String(defect))),
    Effect.catch((error): Effect.Effect<Catalogue, Unread> =>
      typeof error !== "string" && error.reason._tag === "Unsupported"
        ? Effect.succeed(`${id} has no catalogue with prices`)
        : Effect.fail({ unread: unread(id, error) })
    )
  )

const unread = (id: string, error: string | VideoTaskError): string => {
  const detail = typeof error === "string" ? error : "detail" in error.reason ? error.reason.detail : undefined
  const said = detail ?? (error instanceof VideoTaskError ? error.reason._tag : "no reason")
  return `the catalogue of ${id} could not be read (${Redact.clip(Redact.text(said), 200)})`
}

const explain = (
  { billedSeconds }: VideoProvider,
  request: VideoRequest,
  spec: ModelSpec | undefined,
  catalogue: Catalogue | Unread
): Price.Estimate => {
  const isList = typeof catalogue !== "string" && !("unread" in catalogue)
  const model = isList ? Price.find(catalogue, request.model) : undefined
  const estimate = Price.explain(request, model, spec ?? model?.spec, billedSeconds)
  if (estimate._tag === "known" || isList || spec?.price !== undefined) return estimate
  return typeof catalogue === "string"
    ? Price.unknown(catalogue)
    : { _tag: "unknown", reason: catalogue.unread, isUnread: true }
}
