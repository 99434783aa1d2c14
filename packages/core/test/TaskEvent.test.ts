import { assert, describe, it } from "@effect/vitest"
import { Submission, TaskEvent, TaskMachine } from "@video-tasks/core"
import { Redacted, Schema } from "effect"
import { created, events, observed, secret, video } from "./utils/arbitraries.ts"

const codec = Schema.toCodecJson(TaskEvent.JournalEvent)

/** Through text and back, as a journal does. */
const kept = (event: TaskEvent.JournalEvent): TaskEvent.JournalEvent =>
  Schema.decodeSync(codec)(JSON.parse(JSON.stringify(Schema.encodeSync(codec)(event))))

describe("TaskEvent", () => {
  it.prop("comes back from the journal as it was", { events }, ({ events }) => {
    for (const event of [created({ model: "seedance" }), ...events]) {
      assert.deepStrictEqual(Schema.encodeSync(codec)(kept(event)), Schema.encodeSync(codec)(event))
      assert.strictEqual(kept(event).type, event.type)
    }
  }, { arbitrary: { runs: 500, seed: "journal" }, timeout: 60_000 })

  it("is decoded from JSON as a journal that can be lived through", () => {
    const journal = [created(), observed(2000, { status: "SUCCESS", videos: [video()] })] as const
    const json = JSON.parse(JSON.stringify(journal.map((event) => Schema.encodeSync(codec)(event))))
    const decoded = Schema.decodeUnknownSync(TaskEvent.Journal)(json)
    const { value, context: { task } } = TaskMachine.replay(decoded)
    assert.strictEqual(value, "SUCCESS")
    assert.deepStrictEqual(task.videos.map(({ url }) => Redacted.value(url)), [
      `https://cdn.example/out.mp4?${secret}`
    ])
    assert.throws(() => Schema.decodeUnknownSync(TaskEvent.Journal)(json.slice(1)))
  })

  it("keeps the whole signed URL in the journal, and only there", () => {
    const event = observed(2_000, { status: "SUCCESS", videos: [video()] })
    const back = kept(event)
    assert.strictEqual(back.type, "task.observed")
    if (back.type !== "task.observed") return
    assert.strictEqual(Redacted.value(back.observation.videos[0]!.url), `https://cdn.example/out.mp4?${secret}`)
    assert.notInclude(JSON.stringify(back), secret)
  })
})

describe("Submission", () => {
  const submission = (outcome: Submission.Outcome) =>
    Submission.Submission.make({
      id: created().id,
      provider: "cometapi",
      family: "seedance",
      model: "doubao-seedance-2-0-fast",
      account: "default",
      requestHash: "ab12",
      startedAt: 1_000,
      outcome
    })

  it.each<Submission.Outcome>([
    { _tag: "pending" },
    { _tag: "created", handle: created().handle },
    { _tag: "rejected", reason: "no quota" },
    { _tag: "ambiguous", detail: "the connection was reset" }
  ])("comes back from JSON with the outcome $_tag", (outcome) => {
    const codec = Schema.toCodecJson(Submission.Submission)
    const json = JSON.stringify(Schema.encodeSync(codec)(submission(outcome)))
    assert.deepStrictEqual(Schema.decodeSync(codec)(JSON.parse(json)), submission(outcome))
  })
})
