/**
 * What every `VideoTasks` must do when somebody waits.
 */
import { Observation } from "@video-tasks/core/Observation"
import type { Task } from "@video-tasks/core/Task"
import { Failure } from "@video-tasks/core/Video"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Case, Subject } from "../VideoTasksSuite.ts"
import { expect, reasonOf, until } from "./tasksSuiteExpect.ts"
import { failing, link, requestOf, running, type Script, success } from "./tasksSuiteScript.ts"
import { newId } from "./tasksSuiteSubmit.ts"

/** @internal */
export const waitCases = (script: Script): ReadonlyArray<Case> => [
  { name: "waits for a success, wherever it was submitted", run: (subject) => waits(script, subject) },
  { name: "makes every other end a typed error with the handle", run: (subject) => fails(script, subject) },
  { name: "emits a task as it is, then every change, then its end", run: (subject) => observes(script, subject) },
  { name: "shares reads among all who wait", run: (subject) => shares(script, subject) },
  { name: "goes on when reads fail", run: (subject) => bears(script, subject) },
  { name: "ends a wait at its deadline and leaves the task as it is", run: (subject) => timesOut(script, subject) },
  { name: "leaves nothing behind when a wait is interrupted", run: (subject) => isInterrupted(script, subject) },
  { name: "reads nothing of a task that has ended", run: (subject) => asksNothing(script, subject) },
  { name: "follows a task that nobody waits for", run: (subject) => tracks(script, subject) },
  { name: "tells how a task is being read", run: (subject) => tells(script, subject) },
  { name: "knows nothing of a task that is not in the store", run: knowsNothing }
]

const waits = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("waits")
  const handle = yield* here.submit(requestOf("waits"))
  const fiber = yield* Effect.forkChild(there.await(handle))
  yield* until("it is read", Effect.sync(() => play.reads > 0))
  play.read = Effect.succeed(success)
  const { status, videos: [video] } = yield* Fiber.join(fiber)
  yield* expect("the end", [status, video?.seed, video && Redacted.value(video.url)], ["SUCCESS", 7, link])
  yield* expect("for others", (yield* here.awaitEnd(handle)).status, "SUCCESS")
  yield* expect("creates", play.sent.length, 1)
})

const ends: ReadonlyArray<readonly [Observation, string]> = [
  [
    new Observation({ status: "FAILED", videos: [], failure: new Failure({ message: "no", providerCode: 7 }) }),
    "TaskFailed"
  ],
  [new Observation({ status: "ERROR", videos: [], failure: new Failure({ message: "broken" }) }), "TaskErrored"],
  [new Observation({ status: "CANCELLED", videos: [] }), "TaskCancelled"],
  [new Observation({ status: "EXPIRED", videos: [] }), "TaskExpired"]
]

const fails = (script: Script, { here, there }: Subject) =>
  Effect.forEach(
    ends,
    Effect.fnUntraced(function*([end, reason]) {
      const play = script.play(reason)
      play.read = Effect.succeed(end)
      const handle = yield* here.submit(requestOf(reason))
      yield* expect(reason, yield* reasonOf(there.await(handle)), [reason, handle.remoteId])
      yield* expect("its end", (yield* there.awaitEnd(handle)).status, end.status)
    }),
    { discard: true }
  )

const observes = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("observes")
  play.read = Effect.succeed(running(20))
  const handle = yield* here.submit(requestOf("observes"))
  const seen: Array<readonly [Task["status"], number | undefined]> = []
  const fiber = yield* Effect.forkChild(
    Stream.runForEach(there.observe(handle), ({ progress, status }) => Effect.sync(() => seen.push([status, progress])))
  )
  for (const progress of [20, 60]) {
    play.read = Effect.succeed(running(progress))
    yield* until(`it is at ${progress}`, Effect.sync(() => seen.at(-1)?.[1] === progress))
  }
  play.read = Effect.succeed(success)
  yield* Fiber.join(fiber)
  const [first, ...rest] = seen
  // A member that follows it by itself may have read it before the stream began.
  yield* expect("the first", first?.[0] === "SUBMITTED" || first?.[1] === 20, true)
  yield* expect("the last", rest.slice(-2), [["IN_PROGRESS", 60], ["SUCCESS", 100]])
})

const shares = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("shares")
  const handle = yield* here.submit(requestOf("shares"))
  const fibers = yield* Effect.forEach([here, there, here, there], (tasks) => Effect.forkChild(tasks.await(handle)))
  yield* until("it is read", Effect.sync(() => play.reads > 0))
  play.read = Effect.succeed(success)
  const ended = yield* Effect.forEach(fibers, Fiber.join)
  yield* expect("the ends", ended.map(({ status }) => status), ended.map(() => "SUCCESS"))
})

const bears = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("bears")
  play.read = failing(new VideoTaskError.ProviderUnavailable({ status: 500, detail: "HTTP 500" }))
  const handle = yield* here.submit(requestOf("bears"))
  const fiber = yield* Effect.forkChild(there.await(handle))
  yield* until("it was read in vain", Effect.sync(() => play.reads > 1))
  play.read = Effect.succeed(success)
  yield* expect("the end", (yield* Fiber.join(fiber)).status, "SUCCESS")
})

const timesOut = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("late")
  const handle = yield* here.submit(requestOf("late"))
  const late = there.await(handle, { deadline: "200 millis" })
  yield* expect("the reason", yield* reasonOf(late), ["WaitTimedOut", handle.remoteId])
  yield* expect("the task", (yield* there.get(handle)).status === "SUCCESS", false)
  yield* expect("reads", play.reads > 0, true)
  play.read = Effect.succeed(success)
  yield* expect("the end", (yield* there.await(handle)).status, "SUCCESS")
  yield* expect("creates", play.sent.length, 1)
})

const isInterrupted = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("interrupted")
  const handle = yield* here.submit(requestOf("interrupted"))
  const fiber = yield* Effect.forkChild(there.await(handle))
  yield* until("it is read", Effect.sync(() => play.reads > 0))
  yield* Fiber.interrupt(fiber)
  yield* expect("the task", (yield* there.get(handle)).status, "IN_PROGRESS")
  play.read = Effect.succeed(success)
  yield* expect("the end", (yield* here.await(handle)).status, "SUCCESS")
  yield* expect("creates", play.sent.length, 1)
})

const asksNothing = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("over")
  play.read = Effect.succeed(success)
  const handle = yield* here.submit(requestOf("over"))
  yield* here.await(handle)
  const { reads } = play
  yield* there.await(handle)
  yield* there.refresh(handle)
  yield* expect("emitted", (yield* Stream.runCollect(there.observe(handle))).map(({ status }) => status), ["SUCCESS"])
  yield* expect("reads", play.reads, reads)
})

const tracks = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("tracks")
  const handle = yield* here.submit(requestOf("tracks"))
  yield* there.track(handle)
  yield* until("it is read", Effect.sync(() => play.reads > 0))
  play.read = Effect.succeed(success)
  yield* until("it has ended", Effect.map(here.get(handle), ({ status }) => status === "SUCCESS"))
})

const tells = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("tells")
  play.read = failing(new VideoTaskError.ProviderUnavailable({ status: 500, detail: "HTTP 500" }))
  const handle = yield* here.submit(requestOf("tells"))
  yield* here.track(handle)
  yield* until("it is told", Effect.map(there.pollInfo(handle), ({ failures, polls }) => failures > 0 && polls > 0))
  yield* expect("files", yield* there.archiveInfo(handle), undefined)
})

const knowsNothing = Effect.fnUntraced(function*({ here, there }: Subject) {
  const id = yield* newId
  const asked: ReadonlyArray<Effect.Effect<unknown, VideoTaskError.VideoTaskError>> = [
    here.get(id),
    there.await(id),
    Stream.runDrain(there.observe(id)),
    there.refresh(id),
    there.cancel(id),
    there.track(id),
    there.notify(id),
    there.freshVideos(id)
  ]
  const reasons = yield* Effect.forEach(asked, reasonOf)
  yield* expect("the reasons", reasons.map(([reason]) => reason), asked.map(() => "TaskNotFound"))
})
