/**
 * `video-tasks models`: what a provider offers, and what we know of it.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"
import type { CatalogueModel, VideoProvider } from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Backend } from "../internal/backend.ts"
import { onlyProvider } from "../internal/flags.ts"
import type { Line } from "../internal/jsonLines.ts"
import { underWay } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { Screen } from "../internal/screen.ts"
import type { ProviderId } from "../internal/settings.ts"
import * as Style from "../internal/style.ts"

/** The command. */
export const models = Command.make(
  "models",
  { provider: onlyProvider },
  Effect.fn("models")(function*(input) {
    const backend = yield* Backend
    const id: ProviderId = Option.getOrElse(input.provider, () => "cometapi" as const)
    yield* Effect.gen(function*() {
      const provider = yield* (yield* VideoProviders).get(id, "models")
      const known = provider.families.flatMap((family) => family.models)
      const catalogue = yield* underWay(`asking ${id}`, provider.models).pipe(
        Effect.tapError(() => known.length === 0 ? Effect.void : tell(provider, known.map(fromSpec)))
      )
      yield* tell(provider, merge(catalogue.filter(isVideo), known))
      const others = catalogue.filter((model) => !isVideo(model)).length
      if (others > 0) yield* (yield* Reporter).note(`${others} other models of the catalogue are not for video.`)
    }).pipe(Effect.provide(backend.services([id], { needsKey: false })))
  }, reported)
).pipe(
  Command.withShortDescription("List the models of a provider"),
  Command.withDescription(
    "List the video models of a provider: its public catalogue (CometAPI, GET /api/models), and what is known of the models that this version checks before it sends anything. No key is needed. Models that are not listed can be used too; they are sent as given."
  ),
  Command.withExamples([
    { command: "video-tasks models", description: "The video models of CometAPI" },
    { command: "video-tasks models --json", description: "One JSON object a model" }
  ])
)

// internal

const isVideo = (model: CatalogueModel): boolean =>
  model.type === "video" || model.spec !== undefined || model.routes.some((route) => /video/i.test(route))

const fromSpec = (spec: ModelSpec): CatalogueModel => ({ id: spec.id, features: [], routes: [], spec })

/** The catalogue with what is known of its models, those first; then what is known and not listed. */
const merge = (
  catalogue: ReadonlyArray<CatalogueModel>,
  known: ReadonlyArray<ModelSpec>
): ReadonlyArray<CatalogueModel> => {
  const listed = catalogue.map((model): CatalogueModel => {
    const spec = model.spec ?? known.find((one) => one.id === model.id)
    return spec === undefined ? model : { ...model, spec }
  })
  const missing = known.filter((spec) => !listed.some((model) => model.id === spec.id)).map(fromSpec)
  return [...listed.filter(hasSpec), ...missing, ...listed.filter((model) => !hasSpec(model))]
}

const hasSpec = (model: CatalogueModel): boolean => model.spec !== undefined

const tell = Effect.fnUntraced(function*(provider: VideoProvider, list: ReadonlyArray<CatalogueModel>) {
  const reporter = yield* Reporter
  const screen = yield* Screen
  if (reporter.json) {
    return yield* Effect.forEach(list, (model) => reporter.result("", line(provider, model)), { discard: true })
  }
  if (list.length === 0) return yield* reporter.note(`${provider.id} lists no video models.`)
  const [head = "", ...body] = Style.table([
    ["MODEL", "SECONDS", "SIZES", "RESOLUTIONS", "PICTURES", "PRICE"],
    ...list.map(row)
  ])
  yield* screen.out([screen.outStyle.bold(head), ...body].join("\n"))
})

const line = (provider: VideoProvider, { spec, type: kind, ...model }: CatalogueModel): Line => ({
  ...model,
  type: "model",
  provider: provider.id,
  kind,
  seconds: spec?.seconds,
  sizes: spec?.sizes,
  resolutions: spec?.resolutions,
  maxImages: spec?.maxImages,
  retired: spec?.retired
})

const row = (model: CatalogueModel): ReadonlyArray<string> => {
  const { maxImages, resolutions, retired, seconds, sizes } = model.spec ?? {}
  return [
    Style.harmless(model.id) + (retired === undefined ? "" : ` (retired: ${retired})`),
    seconds === undefined ? "" : `${seconds.min}–${seconds.max}`,
    sizes?.allowed.join(" ") ?? "",
    resolutions?.allowed.join(" ") ?? "",
    maxImages === undefined ? "" : maxImages === 0 ? "no" : `up to ${maxImages}`,
    price(model)
  ]
}

const price = ({ currency, perRequest, perSecond }: CatalogueModel): string => {
  const unit = currency === undefined ? "" : ` (${Style.harmless(currency)})`
  if (perSecond !== undefined) return `${perSecond} a second${unit}`
  return perRequest === undefined ? "" : `${perRequest} a video${unit}`
}
