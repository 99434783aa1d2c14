import { assert, describe, it } from "@effect/vitest"
import { Observation, RequestRecord, Submission, TaskId, Video } from "@video-tasks/core"
import * as Format from "../src/internal/exportFormat.ts"

const link = "https://cdn.example.com/v.mp4"

const words = `GET ${link}?X-Signature=SECRET failed`

describe("the lines of an export", () => {
  it("have no signed link in the words of a failure", () => {
    const failure = new Video.Failure({ code: "E1", message: words })
    const observation = new Observation.Observation({ status: "FAILED", videos: [], failure })
    const event = Format.withoutSecrets({ type: "task.observed", at: 1, observation })
    assert.deepStrictEqual(event, {
      type: "task.observed",
      at: 1,
      observation: new Observation.Observation({
        status: "FAILED",
        videos: [],
        failure: new Video.Failure({ code: "E1", message: `GET ${link} failed` })
      })
    })
  })

  it("have no signed link in what is said of a task that is lost", () => {
    assert.deepStrictEqual(
      Format.withoutSecrets({ type: "task.lost", at: 1, message: words }),
      { type: "task.lost", at: 1, message: `GET ${link} failed` }
    )
  })

  it("have the further fields of a request only when they are asked for", () => {
    const create = (request: RequestRecord.RequestRecord) =>
      new Submission.Submission({
        id: TaskId.TaskId.make("00000000-0000-7000-8000-000000000001"),
        provider: "double",
        family: "double",
        model: "m",
        account: "default",
        requestHash: "ab",
        request,
        startedAt: 0,
        outcome: { _tag: "pending" }
      })
    const plain = new RequestRecord.RequestRecord({ prompt: "A fox", seconds: 5, isWhole: true })
    const further = new RequestRecord.RequestRecord({ ...plain, options: "{\"seed\":1}" })
    assert.deepStrictEqual(
      [
        Format.withoutSecretsIn(create(plain)),
        Format.withoutSecretsIn(create(further)),
        Format.withoutSecretsIn(create(further), { withOptions: true })
      ],
      [create(plain), create(new RequestRecord.RequestRecord({ ...plain, isWhole: false })), create(further)]
    )
  })

  it("have no signed link in what became of a create", () => {
    const create = (outcome: Submission.Outcome) =>
      new Submission.Submission({
        id: TaskId.TaskId.make("00000000-0000-7000-8000-000000000001"),
        provider: "double",
        family: "double",
        model: "m",
        account: "default",
        requestHash: "ab",
        startedAt: 0,
        outcome
      })
    const clean = `GET ${link} failed`
    assert.deepStrictEqual(
      [
        Format.withoutSecretsIn(create({ _tag: "ambiguous", detail: words })),
        Format.withoutSecretsIn(create({ _tag: "rejected", reason: words })),
        Format.withoutSecretsIn(create({ _tag: "pending" }))
      ],
      [
        create({ _tag: "ambiguous", detail: clean }),
        create({ _tag: "rejected", reason: clean }),
        create({ _tag: "pending" })
      ]
    )
  })
})
