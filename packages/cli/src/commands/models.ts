/**
 * `video-tasks models`: what a provider offers, and what we know of it.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import * as Price from "@video-tasks/core/Price"
import type { CatalogueModel, VideoProvider } from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import { Backend } from "../internal/backend.ts"
import * as ExitCode from "../internal/exitCode.ts"
import { type Column, fitTable } from "../internal/fitTable.ts"
import { onlyProvider } from "../internal/flags.ts"
import type { Line } from "../internal/jsonLines.ts"
import { usage } from "../internal/problem.ts"
import { underWay } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { Screen } from "../internal/screen.ts"
import type { ProviderId } from "../internal/settings.ts"
import * as Style from "../internal/style.ts"

/** The command. */
export const models = Command.make(
  "models",
  {
    provider: onlyProvider,
    type: Flag.String("type").pipe(
      Flag.withMetavar("<video|…|all>"),
      Flag.withDescription("The kind of model, in the catalogue's word (video); all lists every one"),
      Flag.withDefault("video")
    )
  },
  Effect.fn("models")(function*(input) {
    const backend = yield* Backend
    const id: ProviderId = Option.getOrElse(input.provider, () => "cometapi" as const)
    yield* Effect.gen(function*() {
      const provider = yield* (yield* VideoProviders).get(id, "models")
      const type = input.type.trim().toLowerCase()
      const known = isVideoWord(type) ? specsOf(provider) : []
      const catalogue = yield* underWay(`asking ${id}`, provider.models).pipe(
        Effect.catchIf(
          (error) => error.reason._tag === "Unsupported" && specsOf(provider).length > 0,
          () => Effect.succeed<ReadonlyArray<CatalogueModel>>([])
        ),
        Effect.tapError((error) => tellWithout(provider, known, error))
      )
      const types = typesOf(catalogue)
      if (!types.has(type)) {
        return yield* usage(`${id} lists no models of the type ${type}; allowed: ${[...types].join(", ")}.`)
      }
      const chosen = catalogue.filter(isOf(type))
      yield* tell(provider, merge(chosen, known))
      const others = catalogue.length - chosen.length
      if (others > 0) {
        const which = others === 1 ? "1 other model of the catalogue is" : `${others} other models of the catalogue are`
        yield* (yield* Reporter).note(`${which} not for ${Style.harmless(type)}.`)
      }
    }).pipe(Effect.provide(backend.services([id], { needsKey: false })))
  }, reported)
).pipe(
  Command.withShortDescription("List the models of a provider"),
  Command.withDescription(
    "List the video models of a provider with their prices: its public catalogue (CometAPI, GET /api/models), and what is known of the models that this version checks before it sends anything. No key is needed. Models that are not listed can be used too; they are sent as given."
  ),
  Command.withExamples([
    { command: "video-tasks models", description: "The video models of CometAPI" },
    { command: "video-tasks models --json", description: "One JSON object a model" }
  ])
)

// internal

const specsOf = ({ families }: VideoProvider): ReadonlyArray<ModelSpec> => families.flatMap(({ models }) => models)

const isVideoWord = (type: string): boolean => type === "video" || type === "all"

/** The words for `--type`. */
const typesOf = (catalogue: ReadonlyArray<CatalogueModel>): ReadonlySet<string> =>
  new Set([
    "all",
    "video",
    ...catalogue.flatMap(({ type }) => type === undefined ? [] : [Style.harmless(type).toLowerCase()]).sort()
  ])

const isVideo = (model: CatalogueModel): boolean =>
  model.type === "video" || model.spec !== undefined || model.routes.some((route) => /video/i.test(route))

const isOf = (type: string) => (model: CatalogueModel): boolean =>
  type === "all" || (type === "video" ? isVideo(model) : model.type?.toLowerCase() === type)

/** Says why there is no catalogue, then what is known without it, and ends with the code of the first. */
const tellWithout = Effect.fnUntraced(function*(
  provider: VideoProvider,
  known: ReadonlyArray<ModelSpec>,
  error: VideoTaskError
) {
  if (known.length === 0) return
  const reporter = yield* Reporter
  yield* reporter.failed(error)
  yield* reporter.note("Without the catalogue this is known:")
  yield* tell(provider, known.map(fromSpec))
  return yield* new ExitCode.Exit({ code: ExitCode.ofReason[error.reason._tag] })
})

const fromSpec = (spec: ModelSpec): CatalogueModel => ({ id: spec.id, features: [], routes: [], spec })

/** The catalogue with what is known of its models, those first; then what is known and not listed. */
const merge = (
  catalogue: ReadonlyArray<CatalogueModel>,
  known: ReadonlyArray<ModelSpec>
): ReadonlyArray<CatalogueModel> => {
  const listed = catalogue.map((model): CatalogueModel => {
    const spec = model.spec ?? known.find((one) => one.id === model.id || one.id === model.code)
    return spec === undefined ? model : { ...model, spec }
  })
  const missing = known.filter((spec) => !listed.some((model) => model.id === spec.id)).map(fromSpec)
  return [...listed.filter(hasSpec), ...missing, ...listed.filter((model) => !hasSpec(model))]
}

const hasSpec = (model: CatalogueModel): boolean => model.spec !== undefined

const tell = Effect.fnUntraced(function*(provider: VideoProvider, list: ReadonlyArray<CatalogueModel>) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  const { ofModel } = yield* families
  if (reporter.json) {
    return yield* Effect.forEach(
      list,
      (model) => reporter.result("", line(provider, model, ofModel(provider, model.id))),
      { discard: true }
    )
  }
  if (list.length === 0) return yield* reporter.note(`${provider.id} lists no such models.`)
  const { head, leftOut, lines } = fitTable(yield* columnsOf(provider, list), yield* screen.outColumns)
  yield* screen.out([screen.outStyle.bold(head), ...lines].join("\n"))
  if (leftOut.length > 0) yield* reporter.note(`There is no room for ${leftOut.join(", ")}: --json has all of it.`)
  const reasons = new Set(list.flatMap(({ spec }) => spec?.retired === undefined ? [] : [spec.retired]))
  yield* Effect.forEach(reasons, (reason) => reporter.note(`Retired: ${reason}.`), { discard: true })
})

/** Of many values the first ones: a table has its limits, and `--json` has them all. */
const some = (values: ReadonlyArray<string> = []): string =>
  values.length > 8 ? `${values.slice(0, 6).join(" ")} … (${values.length})` : values.join(" ")

const line = (provider: VideoProvider, model: CatalogueModel, family: string | undefined): Line => {
  const { spec, type: kind, ...listed } = model
  const price = Price.read(model, spec)
  return {
    ...listed,
    type: "model",
    provider: provider.id,
    ...(isVideo(model) ? { family } : {}),
    kind,
    price: Result.isSuccess(price) ? price.success : null,
    ...accepted(spec)
  }
}

const accepted = (spec: ModelSpec | undefined) => ({
  seconds: spec?.seconds,
  sizes: spec?.sizes,
  resolutions: spec?.resolutions,
  minImages: spec?.minImages,
  maxImages: spec?.maxImages,
  promptIsOptional: spec?.promptIsOptional,
  maxPromptLength: spec?.maxPromptLength,
  retired: spec?.retired
})

/** Loaded when a command asks for it, not for `--help`. */
const families = Effect.promise(() => import("../internal/family.ts"))

const columnsOf = Effect.fnUntraced(function*(provider: VideoProvider, list: ReadonlyArray<CatalogueModel>) {
  const { ofModel } = yield* families
  const of = (cell: (model: CatalogueModel) => string) => list.map(cell)
  const family = (model: CatalogueModel) => isVideo(model) ? ofModel(provider, model.id) ?? "" : ""
  const columns: ReadonlyArray<Column> = [
    { title: "MODEL", cells: of(nameOf), isWhole: true },
    { title: "FAMILY", cells: of(provider.families.length > 1 ? family : () => ""), isWhole: true, dispensable: 2 },
    { title: "SECONDS", cells: of(secondsOf) },
    { title: "SIZES", cells: of(({ spec }) => some(spec?.sizes?.allowed)), dispensable: 4 },
    { title: "RESOLUTIONS", cells: of(({ spec }) => spec?.resolutions?.allowed.join(" ") ?? ""), dispensable: 3 },
    { title: "PICTURES", cells: of(picturesOf), dispensable: 1 },
    { title: "PRICE", cells: of((model) => Result.match(Price.read(model), said)) },
    { title: "ROUTE", cells: of(({ routes }) => routes.map(Style.harmless).join(", ")), dispensable: 5 }
  ]
  return columns
})

const said = { onFailure: () => "unknown", onSuccess: Price.describe }

const nameOf = ({ id, spec, upcoming }: CatalogueModel): string =>
  Style.harmless(id) + (upcoming === true ? " (upcoming)" : "") + (spec?.retired === undefined ? "" : " (retired)")

const secondsOf = ({ spec }: CatalogueModel): string =>
  spec?.seconds === undefined ? "" : spec.seconds.allowed?.join(" ") ?? `${spec.seconds.min}–${spec.seconds.max}`

const picturesOf = ({ spec }: CatalogueModel): string => {
  const { maxImages, minImages = 0 } = spec ?? {}
  const limit = maxImages === undefined ? "" : maxImages === 0 ? "no" : `up to ${maxImages}`
  if (minImages === 0) return limit
  return maxImages === 1 || limit === "" ? "needed" : `needed, ${limit}`
}
