/**
 * `video-tasks estimate`: what a request will cost, before anything is sent.
 */
import { describe, type Estimate } from "@video-tasks/core/Price"
import * as VideoProvider from "@video-tasks/core/VideoProvider"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Violation } from "@video-tasks/core/VideoTaskError"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import { Backend } from "../internal/backend.ts"
import { requestFlags, type RequestInput, toRequest } from "../internal/createRequest.ts"
import { underWay } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import * as Style from "../internal/style.ts"

/** The command. */
export const estimate = Command.make(
  "estimate",
  requestFlags,
  Effect.fn("estimate")(function*(input: RequestInput) {
    const backend = yield* Backend
    const reporter = yield* Reporter
    const body = Effect.gen(function*() {
      const request = yield* toRequest(input)
      const { family, model, provider } = request
      const found = yield* underWay(`asking ${provider} for its prices`, (yield* VideoTasks).estimate(request))
      const refused = refusals(yield* (yield* VideoProviders).get(provider, "create"), request)
      for (const one of refused) yield* reporter.note(Style.harmless(refusal(one)))
      const { _tag, ...facts } = found._tag === "unknown" ? { ...found, cost: null } : found
      yield* reporter.result(Style.harmless(inWords(found)), {
        type: "estimate",
        provider,
        family,
        model,
        ...facts,
        ...(refused.length === 0 ? {} : { refused })
      })
    })
    yield* Effect.provide(body, backend.services([input.provider], { needsKey: false }))
  }, reported)
).pipe(
  Command.withShortDescription("Say what a video will cost"),
  Command.withDescription(
    "Say what a request will cost, from the provider's catalogue or from what is documented; no key is needed, and nothing is created. Where nobody can say, it prints why (exit code 0 all the same). It also says for what a create would be refused. The flags are those of create."
  ),
  Command.withExamples([
    {
      command: "video-tasks estimate --provider cometapi --model doubao-seedance-2-0-fast --seconds 8",
      description: "Eight seconds"
    }
  ])
)

// internal

/** Something for which a create would be refused. */
type Refusal = Pick<Violation, "field" | "value" | "allowed">

/** Why a create would be refused. A prompt that was not given is none: the price does not depend on it. */
const refusals = (provider: VideoProvider.VideoProvider, request: VideoRequest): ReadonlyArray<Refusal> => {
  const { family, model } = request
  const makes = VideoProvider.family(provider, family)?.canCreate !== false
  const retired = provider.families.flatMap(({ models }) => models).find(({ id }) => id === model)?.retired
  const violations = provider.validate(request)
    .filter(({ field }) => field !== "prompt" || request.prompt.trim() !== "")
    .map(({ allowed, field, value }) => ({ field, value, allowed }))
  return [
    ...(makes ? [] : [{ field: "provider", value: provider.id, allowed: "one with a create, which this API has not" }]),
    ...(retired === undefined
      ? []
      : [{ field: "model", value: model, allowed: `a model that is served (${retired})` }]),
    ...violations
  ]
}

const refusal = ({ allowed, field, value }: Refusal): string =>
  `A create would be refused: ${field} is ${value}; allowed: ${allowed}.`

const inWords = (found: Estimate): string => {
  if (found._tag === "unknown") return `unknown: ${found.reason}`
  const { cost, price, seconds, videos } = found
  const length = seconds === undefined ? undefined : `${seconds} s at ${describe(price)}`
  const how = videos === undefined
    ? length ?? "one video"
    : `${videos} videos${length === undefined ? "" : ` of ${length}`}`
  return `${cost.amount} ${cost.unit} (${how})`
}
