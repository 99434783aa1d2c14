/**
 * What every `VideoTasks` must do when it submits.
 */
import type { Outcome, Submission } from "@video-tasks/core/Submission"
import * as TaskId from "@video-tasks/core/TaskId"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as RequestHash from "../RequestHash.ts"
import type { VideoTasks } from "../VideoTasks.ts"
import type { Case, Subject } from "../VideoTasksSuite.ts"
import { errorOf, expect, reasonOf, until } from "./tasksSuiteExpect.ts"
import { failing, requestOf, type Script, success } from "./tasksSuiteScript.ts"

/** @internal */
export const submitCases = (script: Script): ReadonlyArray<Case> => [
  { name: "sends a create once, and has its handle in the store", run: (subject) => submits(script, subject) },
  { name: "takes an id once", run: (subject) => takesIdsOnce(script, subject) },
  { name: "refuses what is not valid before anything is sent or kept", run: (subject) => refuses(script, subject) },
  { name: "refuses what costs more than it may, or nobody knows what", run: (subject) => minds(script, subject) },
  { name: "hands the request over as it is, pictures and all", run: (subject) => handsOver(script, subject) },
  { name: "says of a create that was refused why it was", run: (subject) => tellsRefusals(script, subject) },
  { name: "never sends a create again whose answer is lost", run: (subject) => neverAgain(script, subject) },
  { name: "looks one lost create up, and says how it stands", run: (subject) => looksUp(script, subject) },
  { name: "makes the task of a lost create that somebody found", run: (subject) => resolves(script, subject) },
  { name: "takes the word of somebody that a lost create made nothing", run: (subject) => discards(script, subject) },
  {
    name: "counts a create that was interrupted as lost, and takes its late answer",
    run: (one) => outlives(script, one)
  },
  { name: "waits for the answer of an interrupted create when it is asked to", run: (one) => waitsFor(script, one) }
]

/**
 * A new id, as callers make one.
 *
 * @internal
 */
export const newId: Effect.Effect<TaskId.TaskId> = Effect.provide(TaskId.make, SecureRandom.layerWebCrypto)

const submissionOf = (
  tasks: VideoTasks["Service"],
  id: TaskId.TaskId
): Effect.Effect<Submission | undefined, VideoTaskError.VideoTaskError> =>
  Effect.map(Stream.runHead(tasks.submissions({ idPrefix: id })), Option.getOrUndefined)

const outcomeOf = (tasks: VideoTasks["Service"], id: TaskId.TaskId) =>
  Effect.map(submissionOf(tasks, id), (submission) => submission?.outcome._tag)

const submits = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("submits")
  const id = yield* newId
  const handle = yield* here.submit(requestOf("submits"), { id })
  const submission = yield* submissionOf(there, id)
  yield* expect("the outcome", submission?.outcome, { _tag: "created", handle })
  yield* expect(
    "the hash",
    [submission?.requestHash, handle.requestHash],
    Array.from({ length: 2 }, () => play.sent[0]?.options.requestHash)
  )
  yield* expect("the task", [(yield* there.get(handle)).id, (yield* here.get(id)).handle], [id, handle])
  yield* expect("creates", play.sent.length, 1)
  yield* expect("listed", (yield* Stream.runCollect(there.list())).filter((task) => task.id === id).length, 1)
})

const takesIdsOnce = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("ids")
  const id = yield* newId
  yield* here.submit(requestOf("ids"), { id })
  yield* expect("again", (yield* reasonOf(there.submit(requestOf("ids"), { id })))[0], "StoreError")
  yield* expect("creates", play.sent.length, 1)
})

const refuses = Effect.fnUntraced(function*(script: Script, { here }: Subject) {
  const play = script.play("refuses")
  const id = yield* newId
  const { reason } = yield* errorOf(here.submit(requestOf("refuses", { seconds: 99 }), { id }))
  yield* expect("the violations", reason._tag === "InvalidRequest" && reason.violations, [
    { field: "seconds", value: "99", allowed: "1 to 10" }
  ])
  const elsewhere = here.submit({ ...requestOf("refuses"), provider: "nobody" })
  yield* expect("an unknown provider", (yield* reasonOf(elsewhere))[0], "InvalidRequest")
  yield* expect("creates and intents", [play.sent.length, yield* outcomeOf(here, id)], [0, undefined])
})

const minds = Effect.fnUntraced(function*(script: Script, { here }: Subject) {
  const play = script.play("minds")
  yield* expect("the estimate", (yield* here.estimate(requestOf("minds")))._tag, "unknown")
  const refused = here.submit(requestOf("minds"), { maxCost: { amount: 1, unit: "USD" } })
  yield* expect("the reason", (yield* reasonOf(refused))[0], "BudgetExceeded")
  yield* expect("creates", play.sent.length, 0)
})

const handsOver = Effect.fnUntraced(function*(script: Script, { here }: Subject) {
  const play = script.play("pictures")
  const request = requestOf("pictures", {
    seconds: 5,
    size: "16:9",
    resolution: "720p",
    images: [
      new Uint8Array([0, 1, 255]),
      new Blob([new Uint8Array([2, 3])], { type: "image/png" }),
      new URL("https://example.com/a.png?sign=1")
    ],
    options: { cfg: 0.5, tags: ["a", null], deep: { on: true } }
  })
  const handle = yield* here.submit(request, {
    callbackUrl: ({ family, id, provider }) => new URL(`https://me.example/${provider}/${family}?id=${id}`)
  })
  const [sent] = play.sent
  const { id } = yield* here.get(handle)
  const { images: _, ...fields } = request
  const { images: __, ...sentFields } = sent?.request ?? request
  yield* expect("the fields", byName(sentFields), byName(fields))
  const hash = yield* RequestHash.of(request)
  yield* expect("the pictures", [sent && (yield* RequestHash.of(sent.request)), handle.requestHash], [hash, hash])
  yield* expect("where it calls back", sent?.options.callbackUrl?.href, `https://me.example/suite/double?id=${id}`)
})

const tellsRefusals = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("broke")
  play.create = failing(new VideoTaskError.QuotaExceeded({ detail: "no credit" }), "create")
  const id = yield* newId
  yield* expect("the reason", yield* reasonOf(here.submit(requestOf("broke"), { id })), ["QuotaExceeded", undefined])
  yield* expect("the outcome", (yield* submissionOf(there, id))?.outcome, { _tag: "rejected", reason: "QuotaExceeded" })
  yield* expect("a task", (yield* reasonOf(there.get(id)))[0], "TaskNotFound")
})

/** Submits what gets lost. */
const lost = Effect.fnUntraced(function*(script: Script, { here }: Subject, model: string) {
  script.play(model).create = failing(new VideoTaskError.SubmissionAmbiguous({ detail: "reset" }), "create")
  const id = yield* newId
  const { reason } = yield* errorOf(here.submit(requestOf(model), { id }))
  yield* expect("the submission", reason._tag === "SubmissionAmbiguous" && reason.submissionId, id)
  return id
})

const neverAgain = Effect.fnUntraced(function*(script: Script, subject: Subject) {
  const id = yield* lost(script, subject, "lost")
  const { ambiguous } = yield* subject.there.resume()
  yield* expect("what resume says", ambiguous.filter((one) => one.id === id).length, 1)
  const listed = yield* Stream.runCollect(subject.there.submissions({ outcome: "ambiguous" }))
  yield* expect("what is listed", listed.filter((one) => one.id === id).length, 1)
  yield* expect("creates", script.play("lost").sent.length, 1)
})

const looksUp = Effect.fnUntraced(function*(script: Script, subject: Subject) {
  const id = yield* lost(script, subject, "looked")
  yield* expect("one that can't be found", (yield* subject.there.lookUp(id)).outcome._tag, "ambiguous")
  yield* expect("creates", script.play("looked").sent.length, 1)
  const none = yield* newId
  yield* expect("one that there is not", (yield* reasonOf(subject.here.lookUp(none)))[0], "InvalidRequest")
})

const resolves = Effect.fnUntraced(function*(script: Script, subject: Subject) {
  const id = yield* lost(script, subject, "found")
  script.play("found").read = Effect.succeed(success)
  const { outcome } = yield* subject.there.resolve(id, { remoteId: "found/x" })
  yield* expect("the outcome", outcome._tag === "created" && outcome.handle.remoteId, "found/x")
  yield* expect("its end", (yield* subject.here.await(id)).status, "SUCCESS")
  yield* expect("once more", (yield* reasonOf(subject.here.resolve(id, "discard")))[0], "InvalidRequest")
  yield* expect("creates", script.play("found").sent.length, 1)
})

const discards = Effect.fnUntraced(function*(script: Script, subject: Subject) {
  const id = yield* lost(script, subject, "nothing")
  yield* expect("the outcome", (yield* subject.there.resolve(id, "discard")).outcome._tag, "rejected")
  yield* expect("for others", yield* outcomeOf(subject.here, id), "rejected")
})

const outlives = Effect.fnUntraced(function*(script: Script, { here, there }: Subject) {
  const play = script.play("outlives")
  const latch = Latch.makeUnsafe()
  play.create = latch.await
  const id = yield* newId
  const told: Array<Outcome["_tag"]> = []
  const fiber = yield* Effect.forkChild(
    here.submit(requestOf("outlives"), { id, interrupted: { tell: ({ _tag }) => Effect.sync(() => told.push(_tag)) } })
  )
  yield* until("the create is out", Effect.sync(() => play.sent.length > 0))
  yield* Fiber.interrupt(fiber)
  yield* expect("what is told", told, ["ambiguous"])
  yield* expect("the outcome", yield* outcomeOf(there, id), "ambiguous")
  yield* latch.open
  yield* until("its answer counts", Effect.map(outcomeOf(there, id), (outcome) => outcome === "created"))
  yield* expect("creates", play.sent.length, 1)
})

const waitsFor = Effect.fnUntraced(function*(script: Script, { here }: Subject) {
  const play = script.play("patient")
  const latch = Latch.makeUnsafe()
  play.create = latch.await
  const told: Array<Outcome["_tag"]> = []
  const fiber = yield* Effect.forkChild(
    here.submit(requestOf("patient"), {
      interrupted: {
        patience: "20 seconds",
        tell: ({ _tag }) =>
          Effect.suspend(() => {
            told.push(_tag)
            return _tag === "pending" ? latch.open : Effect.void
          })
      }
    })
  )
  yield* until("the create is out", Effect.sync(() => play.sent.length > 0))
  yield* Fiber.interrupt(fiber)
  yield* expect("what is told", [told[0], told.at(-1)], ["pending", "created"])
})

const byName = (fields: object) => Object.entries(fields).toSorted(([a], [b]) => a < b ? -1 : 1)
