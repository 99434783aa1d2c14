import { assert, describe, it } from "@effect/vitest"
import { KlingWire, type TaskStatus, Video } from "@video-tasks/core"
import { Result } from "effect"
import { assertReads, links, observed, problem, reading, video } from "./utils/wire.ts"

const read = KlingWire.toObservation

const id = "2032273942220931072"

const link = "https://v1-kling.example.com/bs2/output.mp4"

const marked = "https://v1-kling.example.com/bs2/marked.mp4"

/** The samples of CometAPI's pages `POST /kling/v1/videos/text2video` and `GET /kling/v1/{action}/{action2}/{task_id}`. */
const samples = {
  created: {
    code: 0,
    message: "success",
    data: {
      task_id: id,
      task_status: "submitted",
      task_info: {},
      created_at: 1773366840306,
      updated_at: 1773366840306
    }
  },
  processing: {
    code: 0,
    message: "SUCCEED",
    request_id: "cf6f1d0e",
    data: {
      task_id: id,
      task_status: "processing",
      task_info: {},
      task_result: {},
      created_at: 1773366840306,
      updated_at: 1773366846306
    }
  },
  /** Kling, `GET /v1/videos/text2video/{id}`. */
  succeed: {
    code: 0,
    message: "SUCCEED",
    request_id: "cf6f1d0e",
    data: {
      task_id: id,
      task_status: "succeed",
      task_status_msg: "",
      task_info: { external_task_id: "mine-1" },
      created_at: 1722769557708,
      updated_at: 1722769599999,
      task_result: { videos: [{ id: "759", url: link, watermark_url: marked, duration: "5.1" }] },
      watermark_info: { enabled: false },
      final_unit_deduction: "3.5",
      final_balance_deduction: { quota: "0", list_price: "0" }
    }
  },
  /** As a user of a gateway shows it (QuantumNous/new-api#2532). */
  failed: {
    code: 0,
    message: "SUCCEED",
    request_id: "ace7625a",
    data: {
      task_id: id,
      task_status: "failed",
      task_status_msg: "Image pixel is invalid",
      task_info: {},
      task_result: {},
      created_at: 1766737710125,
      updated_at: 1766737711775
    }
  }
}

/** CometAPI's old form: a row of the gateway round Kling's own answer. */
const row = (own: Record<string, unknown>, inner: unknown = null) => ({
  code: "success",
  message: "",
  data: {
    id: 120,
    task_id: "task_abc",
    platform: "50",
    action: "textGenerate",
    submit_time: 1773366840,
    start_time: 0,
    finish_time: 0,
    fail_reason: "",
    progress: "0%",
    ...own,
    data: inner
  }
})

const bill = (amount: number, unit: string) => new Video.Cost({ amount, unit, kind: "bill" })

const billOf = (data: Record<string, unknown>, task_status = "succeed") =>
  observed(read, { code: 0, data: { task_id: id, task_status, ...data } }).cost

describe("KlingWire, the samples of the pages", () => {
  it("reads the answer to a create, whose times are milliseconds", () => {
    assertReads(read, samples.created, {
      status: "SUBMITTED",
      videos: [],
      remoteId: id,
      createdAt: 1773366840306
    })
  })

  it("reads a running task, which has no progress", () => {
    assertReads(read, samples.processing, {
      status: "IN_PROGRESS",
      videos: [],
      remoteId: id,
      createdAt: 1773366840306
    })
  })

  it("reads a finished task with its file, its length as a string, its bill, and not the marked copy", () => {
    assertReads(read, samples.succeed, {
      status: "SUCCESS",
      videos: [video({ url: link, durationSeconds: 5.1 })],
      cost: bill(3.5, "units"),
      remoteId: id,
      createdAt: 1722769557708,
      completedAt: 1722769599999
    })
  })

  it("reads a failed task with the reason that stands in task_status_msg", () => {
    assertReads(read, samples.failed, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ message: "Image pixel is invalid" }),
      remoteId: id,
      createdAt: 1766737710125,
      completedAt: 1766737711775
    })
  })

  it("reads a callback, which is the data of a query without its wrapper", () => {
    const { completedAt, cost, remoteId, status } = observed(read, samples.succeed.data)
    assert.deepStrictEqual([status, remoteId, completedAt], ["SUCCESS", id, 1722769599999])
    assert.deepStrictEqual(cost, bill(3.5, "units"))
    assert.deepStrictEqual(links(read, samples.succeed.data), [link])
  })
})

describe("KlingWire, the newer API", () => {
  const task = (own: Record<string, unknown>) => ({
    id,
    create_time: 1773366840306,
    update_time: 1773366846306,
    external_id: "mine-1",
    ...own
  })

  const done = task({
    status: "succeeded",
    outputs: [{ type: "video", id: "759", url: link, watermark_url: marked, duration: "5.1" }],
    billing: [{ charge_type: "unit", package_type: "video", amount: "1.5", currency: "" }]
  })

  it("reads a query about one task, which is answered with a list of one", () => {
    const wrapper = { code: 0, message: "SUCCEED", request_id: "r" }
    assert.deepStrictEqual(observed(read, { ...wrapper, data: [done] }), observed(read, { ...wrapper, data: done }))
    assertReads(read, { ...wrapper, data: done }, {
      status: "SUCCESS",
      videos: [video({ url: link, durationSeconds: 5.1 })],
      cost: bill(1.5, "units"),
      remoteId: id,
      createdAt: 1773366840306,
      completedAt: 1773366846306
    })
  })

  it("reads such a list, and one of several, as JSON in a string", () => {
    const list = (data: unknown) => ({ code: 0, data: typeof data === "string" ? data : JSON.stringify(data) })
    assert.deepStrictEqual(observed(read, list([done])), observed(read, { code: 0, data: done }))
    assert.deepStrictEqual(KlingWire.toItems(list([done, done])), Result.succeed([done, done]))
    assert.strictEqual(problem(read, list("no list")).kind, "notATask")
  })

  it("reads a callback", () => {
    const failed = task({ status: "failed", message: "the prompt was refused", outputs: [], billing: [] })
    assertReads(read, failed, {
      status: "FAILED",
      videos: [],
      failure: new Video.Failure({ message: "the prompt was refused" }),
      remoteId: id,
      createdAt: 1773366840306,
      completedAt: 1773366846306
    })
  })

  it("reads a charge in money in its currency", () => {
    const paid = { ...done, billing: [{ charge_type: "cash", amount: "0.42", currency: "USD" }] }
    assert.deepStrictEqual(observed(read, paid).cost, bill(0.42, "USD"))
  })

  it("finds no task in an empty list", () => {
    assert.strictEqual(problem(read, { code: 0, data: [] }).kind, "missing")
  })

  it("takes a list of several for no task", () => {
    assert.strictEqual(problem(read, { code: 0, data: [done, done] }).kind, "notATask")
  })
})

describe("KlingWire, a gateway's row", () => {
  it("reads a queued row", () => {
    assertReads(read, row({ status: "NOT_START" }), {
      status: "SUBMITTED",
      progress: 0,
      videos: [],
      remoteId: "task_abc",
      createdAt: 1773366840_000
    })
  })

  it("finds the file and the bill three levels down", () => {
    const body = row(
      { status: "SUCCESS", start_time: 1773366850, finish_time: 1773366890, progress: "100%" },
      samples.succeed
    )
    assertReads(read, body, {
      status: "SUCCESS",
      progress: 100,
      videos: [video({ url: link, durationSeconds: 5.1 })],
      cost: bill(3.5, "units"),
      remoteId: "task_abc",
      createdAt: 1773366840_000,
      startedAt: 1773366850_000,
      completedAt: 1773366890_000
    })
  })

  it("finds the reason three levels down, past the message that praises", () => {
    const { failure, status } = observed(read, row({ status: "FAILURE" }, samples.failed))
    assert.deepStrictEqual([status, failure?.message], ["FAILED", "Image pixel is invalid"])
  })

  it("prefers the row's own reason", () => {
    const { failure } = observed(read, row({ status: "FAILURE", fail_reason: "no channel" }, samples.failed))
    assert.strictEqual(failure?.message, "no channel")
  })
})

describe("KlingWire, words", () => {
  const words: ReadonlyArray<readonly [string, TaskStatus.TaskStatus]> = [
    ["submitted", "SUBMITTED"],
    ["processing", "IN_PROGRESS"],
    ["succeed", "SUCCESS"],
    ["succeeded", "SUCCESS"],
    ["failed", "FAILED"]
  ]

  for (const [word, status] of words) {
    it(`reads ${word} as ${status}, in any case, in either field`, () => {
      for (const said of [word, word.toUpperCase(), ` ${word} `]) {
        assert.deepStrictEqual(reading(read, { code: 0, data: { task_id: id, task_status: said } }), { status })
        assert.deepStrictEqual(reading(read, { id, status: said }), { status })
      }
    })
  }

  it("does not obey a word that nobody knows", () => {
    assert.deepStrictEqual(reading(read, { code: 0, data: { task_id: id, task_status: "pondering" } }), {
      unrecognised: "pondering"
    })
  })
})

describe("KlingWire, quirks", () => {
  for (const code of [0, "0", "success", "SUCCEED", "", null, undefined]) {
    for (const message of ["success", "SUCCEED", "", null]) {
      it(`quirk 4: takes code ${JSON.stringify(code)} and message ${JSON.stringify(message)} for a yes`, () => {
        const body = { ...samples.processing, code, message }
        assert.deepStrictEqual([observed(read, body).status, observed(read, body).remoteId], ["IN_PROGRESS", id])
      })
    }
  }

  it("quirk 7: finds the link at task_result.videos[0].url and in outputs, and every one of a list", () => {
    const two = { videos: [{ url: link }, { url: `${link}?2` }] }
    assert.deepStrictEqual(links(read, { task_id: id, task_status: "succeed", task_result: two }), [link, `${link}?2`])
    assert.deepStrictEqual(links(read, { id, status: "succeeded", outputs: two.videos }), [link, `${link}?2`])
  })

  it("quirk 7: takes no link before the success", () => {
    const early = { ...samples.processing.data, task_result: samples.succeed.data.task_result }
    assert.deepStrictEqual(links(read, { ...samples.processing, data: early }), [])
  })

  it("quirk 8: says success without a file as it is", () => {
    const { status, videos } = observed(read, { code: 0, data: { task_id: id, task_status: "succeed" } })
    assert.deepStrictEqual([status, videos], ["SUCCESS", []])
  })

  it("quirk 9: keeps an id beyond 2^53 digit by digit", () => {
    const { remoteId } = observed(read, JSON.parse(`{"code":0,"data":{"task_id":"${id}"}}`))
    assert.strictEqual(remoteId, id)
  })

  it("quirk 9: takes an id that came as such a number for none: it would name another task", () => {
    const { remoteId, status } = observed(
      read,
      JSON.parse("{\"code\":0,\"data\":{\"task_id\":2032273942220931073,\"task_status\":\"submitted\"}}")
    )
    assert.deepStrictEqual([remoteId, status], [undefined, "SUBMITTED"])
    const bare = JSON.parse("{\"code\":0,\"data\":{\"task_id\":2032273942220931073}}")
    assert.strictEqual(problem(read, bare).kind, "notATask")
  })

  it("quirk 9: takes neither the id of a video nor our own name for the task for its id", () => {
    const { remoteId } = observed(read, { ...samples.succeed.data, task_id: undefined, id: undefined })
    assert.strictEqual(remoteId, undefined)
  })

  it("quirk 10: reads milliseconds, seconds, text and ISO 8601, and 0 as not set", () => {
    const times: ReadonlyArray<readonly [unknown, number | undefined]> = [
      [1773366840306, 1773366840306],
      [1773366840, 1773366840_000],
      ["1773366840306", 1773366840306],
      ["2026-03-13T01:54:00.306Z", 1773366840306],
      [0, undefined]
    ]
    for (const [created_at, expected] of times) {
      assert.strictEqual(observed(read, { task_id: id, task_status: "submitted", created_at }).createdAt, expected)
    }
  })

  it("quirk 10: takes updated_at for the end only of a task that has ended", () => {
    assert.strictEqual(observed(read, samples.processing).completedAt, undefined)
    assert.strictEqual(observed(read, samples.failed).completedAt, 1766737711775)
  })

  it("quirk 11: reads numbers that came as strings, and strings that came as numbers", () => {
    for (const duration of ["5.1", 5.1]) {
      const task_result = { videos: [{ url: link, duration }] }
      const { videos } = observed(read, { task_id: id, task_status: "succeed", task_result })
      assert.strictEqual(videos[0]?.durationSeconds, 5.1)
    }
    assert.deepStrictEqual(billOf({ final_unit_deduction: 3.5 }), bill(3.5, "units"))
    assert.deepStrictEqual(billOf({ final_unit_deduction: "3.5" }), bill(3.5, "units"))
  })

  it("quirk 13: says that there is no such task, whichever way it is told", () => {
    assert.strictEqual(problem(read, { code: "success", data: null }).kind, "missing")
    assert.strictEqual(problem(read, { code: "task_not_exist", message: "task_not_exist", data: null }).kind, "missing")
  })

  it("quirk 18: keeps the code of a refusal that came with HTTP 200", () => {
    const refused = { code: 1303, message: "parallel task over resource pack limit", request_id: "r" }
    assert.deepStrictEqual(problem(read, refused), {
      kind: "refused",
      detail: "parallel task over resource pack limit",
      code: "1303"
    })
    assert.strictEqual(problem(read, { ...refused, code: "1303" }).code, "1303")
  })

  it("quirk 21: reads both succeed and succeeded", () => {
    assert.strictEqual(observed(read, { task_id: id, task_status: "succeed" }).status, "SUCCESS")
    assert.strictEqual(observed(read, { id, status: "succeeded" }).status, "SUCCESS")
  })

  it("takes the word success for no reason of a failure", () => {
    for (const task_status_msg of ["success", "SUCCEED", ""]) {
      const { failure, status } = observed(read, {
        code: 0,
        message: "SUCCEED",
        data: { task_id: id, task_status: "failed", task_status_msg }
      })
      assert.deepStrictEqual([status, failure], ["FAILED", undefined])
    }
  })
})

describe("KlingWire, bills", () => {
  it("has none before the end, and one of a failure too", () => {
    assert.strictEqual(billOf({ final_unit_deduction: "3.5" }, "processing"), undefined)
    assert.deepStrictEqual(billOf({ final_unit_deduction: "0" }, "failed"), bill(0, "units"))
  })

  it("is in the balance where no units were taken, without a currency that nobody told", () => {
    const final_balance_deduction = { quota: "0.56", list_price: "0.7" }
    assert.deepStrictEqual(billOf({ final_unit_deduction: "0", final_balance_deduction }), bill(0.56, "balance"))
    assert.deepStrictEqual(billOf({ final_balance_deduction }), bill(0.56, "balance"))
  })

  it("is absent where there are no numbers", () => {
    assert.strictEqual(billOf({ final_unit_deduction: "", final_balance_deduction: 0.56, billing: [{}] }), undefined)
  })
})

describe("KlingWire, lists", () => {
  it("takes the tasks out", () => {
    const items = Result.getOrThrow(
      KlingWire.toItems({ code: 0, data: [samples.succeed.data, samples.failed.data] })
    )
    assert.deepStrictEqual(items.map((item) => observed(read, item).status), ["SUCCESS", "FAILED"])
    assert.deepStrictEqual(Result.getOrThrow(KlingWire.toItems({ code: 0, data: [] })), [])
  })

  it("says what it is that is no list", () => {
    const kindOf = (body: unknown) => Result.getOrThrow(Result.flip(KlingWire.toItems(body))).kind
    assert.strictEqual(kindOf({ code: 1002, message: "authorization is invalid" }), "refused")
    assert.strictEqual(kindOf(samples.created), "notATask")
    assert.strictEqual(kindOf("<html>"), "notATask")
  })
})
