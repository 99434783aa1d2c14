/**
 * `video-tasks estimate`: what a request will cost, before anything is sent.
 */
import { describe, type Estimate } from "@video-tasks/core/Price"
import { VideoProviders } from "@video-tasks/core/VideoProviders"
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
      for (const violation of (yield* (yield* VideoProviders).get(provider, "create")).validate(request)) {
        if (priced.has(violation.field)) yield* reporter.note(Style.harmless(refusal(violation)))
      }
      const { _tag, ...facts } = found._tag === "unknown" ? { ...found, cost: null } : found
      yield* reporter.result(Style.harmless(inWords(found)), { type: "estimate", provider, family, model, ...facts })
    })
    yield* Effect.provide(body, backend.services([input.provider], { needsKey: false }))
  }, reported)
).pipe(
  Command.withShortDescription("Say what a video will cost"),
  Command.withDescription(
    "Say what a request will cost, from the provider's catalogue or from what is documented; no key is needed, and nothing is created. Where nobody can say, it prints why (exit code 0 all the same). The flags are those of create."
  ),
  Command.withExamples([
    {
      command: "video-tasks estimate --provider cometapi --model doubao-seedance-2-0-fast --seconds 8",
      description: "Eight seconds"
    }
  ])
)

// internal

/** What is wrong with these makes a price that nobody can pay; what else a create needs is no matter here. */
const priced: ReadonlySet<string> = new Set([
  "seconds",
  "size",
  "resolution",
  "options.duration",
  "options.frames"
])

const refusal = ({ allowed, field, value }: Violation): string =>
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
