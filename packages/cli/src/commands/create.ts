/**
 * `video-tasks create`: submits one request, once.
 */
import { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { Backend, withStore } from "../internal/backend.ts"
import { checkCallback } from "../internal/callback.ts"
import { createFlags, type CreateInput, toRequest } from "../internal/createRequest.ts"
import { followAndSave } from "../internal/followAndSave.ts"
import * as Globals from "../internal/globals.ts"
import { usage } from "../internal/problem.ts"
import { underWay } from "../internal/progress.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"
import { Screen } from "../internal/screen.ts"
import { submitPatiently } from "../internal/submitPatiently.ts"
import * as Target from "../internal/target.ts"
import { waitHint } from "../internal/withHandles.ts"
import { followToEnd } from "./wait.ts"

/**
 * Asks for the price before the create is said to be under way; the create finds it known then. What is not valid is refused
 * without a question.
 */
const askPrice = Effect.fnUntraced(function*(request: VideoRequest) {
  const tasks = yield* VideoTasks
  const reporter = yield* Reporter
  const provider = yield* (yield* VideoProviders).get(request.provider, "create")
  if (provider.validate(request).length > 0) return
  yield* underWay(`asking ${request.provider} for the price`, tasks.estimate(request)).pipe(
    Effect.onInterrupt(() =>
      reporter.warn("Interrupted while asking for the price. Nothing was sent, nothing was paid.")
    )
  )
})

/** It may be what makes the URL hard to guess: an answer of the provider that has it is not shown with it. */
const hideQuery = ({ search }: URL) => Screen.use(({ hide }) => hide(Redacted.make(search.slice(1))))

/** The command. */
export const create = Command.make(
  "create",
  createFlags,
  Effect.fn("create")(function*(input: CreateInput) {
    const backend = yield* Backend
    const reporter = yield* Reporter
    const callbackUrl = Option.getOrUndefined(input["callback-url"])
    const follows = input.wait || Option.isSome(input.output)
    const { archive } = yield* Globals.values
    if (archive !== undefined && archive._tag !== "none" && !follows) {
      return yield* usage("--archive keeps the files of what is followed: add --wait or --output.")
    }
    if (callbackUrl !== undefined) yield* hideQuery(callbackUrl)
    if (Option.isSome(input.output)) yield* Target.check(input.output.value, input)
    const body = Effect.gen(function*() {
      const request = yield* toRequest(input)
      if (callbackUrl !== undefined) yield* checkCallback(request, callbackUrl)
      if (Option.isSome(input["max-cost"])) yield* askPrice(request)
      const handle = yield* underWay(
        `sending the create to ${input.provider}`,
        submitPatiently(request, {
          resubmit: input.resubmit ? "server-error" : "never",
          force: input.force,
          maxCost: Option.getOrUndefined(input["max-cost"]),
          callbackUrl
        })
      )
      yield* reporter.created(yield* (yield* VideoTasks).get(handle))
      if (Option.isSome(input.output)) return yield* followAndSave(handle, input.output.value, input)
      if (input.wait) return yield* followToEnd([handle])
      yield* reporter.note(waitHint(handle))
    })
    yield* withStore(Effect.provide(body, backend.tasks([input.provider], { archives: follows })))
  }, reported)
).pipe(
  Command.withShortDescription("Create a video task"),
  Command.withDescription(
    "Create a video task. The handle is printed as soon as there is one; with --wait or --output the task is followed to its end. A create is sent at most once: when its answer is lost, the command says so (exit code 9) instead of paying twice. With --max-cost nothing is sent that costs more, or whose price is unknown (exit code 2), or while the catalogue cannot be read (10). With --archive the files of what is followed are kept, and the command ends when they are."
  ),
  Command.withExamples([
    {
      command:
        "video-tasks create --provider cometapi --model doubao-seedance-2-0-fast --prompt \"A paper boat\" --output boat.mp4",
      description: "From a prompt to a file"
    },
    {
      command:
        "video-tasks create -p cometapi --model doubao-seedance-2-0 --prompt \"She waves\" --image her.jpg --seconds 8 --size 9:16",
      description: "From a picture"
    },
    {
      command: "video-tasks create -p cometapi -m doubao-seedance-2-0 --prompt \"A fox\" --seconds 8 --max-cost 0.5",
      description: "Only if it costs at most 0.5 (see `video-tasks estimate`)"
    },
    {
      command:
        "video-tasks create -p cometapi -m doubao-seedance-2-0 --prompt \"A fox\" --wait --archive s3://videos/2026",
      description: "And keep the file in a bucket before its link lapses"
    },
    {
      command:
        "video-tasks create -p generic --model kling-v1 --prompt \"A fox\" --option mode=pro --option cfg_scale=0.5",
      description: "Fields that only this model knows"
    }
  ])
)
