/**
 * What every `VideoTasks` must do when it is told something of a task.
 */
import { Observation } from "@video-tasks/core/Observation"
import { Failure } from "@video-tasks/core/Video"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { Case, Subject } from "../VideoTasksSuite.ts"
import { expect, reasonOf, until } from "./tasksSuiteExpect.ts"
import { failing, handleOf, link, providerId, requestOf, running, type Script, success } from "./tasksSuiteScript.ts"

/** @internal */
export const commandCases = (script: Script): ReadonlyArray<Case> => [
  { name: "cancels at the provider, and ends the task and every wait", run: (subject) => cancels(script, subject) },
  { name: "leaves a task running that can't be cancelled", run: (subject) => cantCancel(script, subject) },
  { name: "reads a task once on refresh, and says what the read failed with", run: (one) => refreshes(script, one) },
  { name: "asks the provider for fresh links", run: (subject) => freshens(script, subject) },
  { name: "takes news of a task at once, and none of one that has ended", run: (subject) => hears(script, subject) },
  { name: "adopts a task that was created elsewhere, once", run: (subject) => adopts(script, subject) },
  { name: "refuses to adopt what it could not ask about", run: (subject) => refusesHandles(script, subject) },
  { name: "lists tasks by their status", run: (subject) => lists(script, subject) },
  { name: "says that no files are kept where there is no archive", run: (subject) => keepsNothing(script, subject) }
]

const cancels = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("cancels")
  play.cancel = Effect.succeed("confirmed")
  const handle = yield* here.submit(requestOf("cancels"))
  const wait = yield* Effect.forkChild(reasonOf(here.await(handle)))
  yield* until("it is read", Effect.sync(() => play.reads > 0))
  yield* expect("the outcome", yield* there.cancel(handle), "confirmed")
  yield* expect("the wait", yield* Fiber.join(wait), ["TaskCancelled", handle.remoteId])
  const task = yield* here.get(handle)
  yield* expect("the task", task.status === "CANCELLED" && task.byRequest, true)
})

const cantCancel = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("running")
  const handle = yield* here.submit(requestOf("running"))
  yield* expect("the outcome", yield* there.cancel(handle), "unsupported")
  play.cancel = failing(new VideoTaskError.Unauthorized({ detail: "HTTP 401" }), "cancel")
  yield* expect("the reason", yield* reasonOf(there.cancel(handle)), ["Unauthorized", handle.remoteId])
  yield* expect("the task", ["SUBMITTED", "IN_PROGRESS"].includes((yield* here.get(handle)).status), true)
})

const refreshes = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("refreshes")
  play.read = Effect.succeed(running(30))
  const handle = yield* here.submit(requestOf("refreshes"))
  yield* until("it is read", Effect.map(there.refresh(handle), ({ progress }) => progress === 30))
  play.read = failing(new VideoTaskError.ProviderUnavailable({ status: 500, detail: "HTTP 500" }))
  const vain = Effect.map(
    Effect.result(there.refresh(handle)),
    (result) =>
      result._tag === "Failure" && result.failure.reason._tag === "ProviderUnavailable" &&
      result.failure.handle?.remoteId === handle.remoteId
  )
  yield* until("it says why not", vain)
})

const freshens = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("fresh")
  play.read = Effect.succeed(success)
  const handle = yield* here.submit(requestOf("fresh"))
  yield* here.await(handle)
  const videos = yield* there.freshVideos(handle)
  yield* expect("the links", videos.map(({ url }) => Redacted.value(url)), [link])
})

const hears = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("hears")
  play.read = failing(new VideoTaskError.ProviderUnavailable({ status: 500, detail: "HTTP 500" }))
  const handle = yield* here.submit(requestOf("hears"))
  const wait = yield* Effect.forkChild(here.await(handle))
  yield* until("it is read", Effect.sync(() => play.reads > 0))
  yield* expect("news", yield* there.notify(handle, running(40)), "changed")
  yield* expect("the progress", (yield* here.get(handle)).progress, 40)
  yield* expect("the end", yield* there.notify(handle, success), "changed")
  yield* expect("the wait", (yield* Fiber.join(wait)).status, "SUCCESS")
  yield* expect("too late", yield* there.notify(handle, running(50)), "ignored")
})

const adopts = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("adopts")
  const first = yield* here.attach({ provider: providerId, remoteId: "adopts/1" })
  const second = yield* there.attach(handleOf("adopts/1"))
  yield* expect("the handles", [first.remoteId, second.remoteId], ["adopts/1", "adopts/1"])
  const { id } = yield* here.get(first)
  yield* expect("the task", (yield* there.get(handleOf("adopts/1"))).id, id)
  play.read = Effect.succeed(success)
  yield* expect("the end", (yield* there.await(first)).status, "SUCCESS")
  yield* expect("one that is only waited for", (yield* there.await(handleOf("adopts/2"))).status, "SUCCESS")
  yield* expect("creates", play.sent.length, 0)
})

const refusesHandles = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const other = handleOf("refused/1", { baseUrl: "https://other.invalid" })
  yield* expect("another API", yield* reasonOf(there.await(other)), ["ResumeIdentityChanged", "refused/1"])
  yield* expect("nobody's", (yield* reasonOf(here.attach({ provider: "nobody", remoteId: "x" })))[0], "InvalidRequest")
  yield* expect(
    "nameless",
    (yield* reasonOf(here.attach({ provider: providerId, remoteId: " " })))[0],
    "InvalidRequest"
  )
  yield* expect("reads", script.play("refused").reads, 0)
})

const lists = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("lists")
  play.read = Effect.succeed(
    new Observation({ status: "FAILED", videos: [], failure: new Failure({ message: "no" }) })
  )
  const handle = yield* here.submit(requestOf("lists"))
  yield* here.awaitEnd(handle)
  const listed = (status: "FAILED" | "EXPIRED") =>
    Effect.map(
      Stream.runCollect(there.list({ status: [status], provider: providerId })),
      (all) => all.filter((task) => task.model === "lists").map((task) => task.handle.remoteId)
    )
  yield* expect("by status", [yield* listed("FAILED"), yield* listed("EXPIRED")], [[handle.remoteId], []])
})

const keepsNothing = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("files")
  play.read = Effect.succeed(success)
  const handle = yield* here.submit(requestOf("files"))
  yield* expect("the reason", yield* reasonOf(there.awaitArchived(handle)), ["Unsupported", handle.remoteId])
  yield* expect("the files", yield* there.archiveInfo(handle), { state: "missing", attempts: 0 })
})
