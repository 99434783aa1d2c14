import { assert, describe, it } from "@effect/vitest"
import {
  ArkWire,
  CometApiWire,
  CometCatalogueWire,
  ErrorBody,
  KlingWire,
  NewApiWire,
  OpenAiWire,
  RunwayWire,
  SeeAnyWire,
  StatusWord,
  TaskMachine,
  Video,
  XAiWire
} from "@video-tasks/core"
import { Result } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { created, observed as event, video as archived } from "./utils/arbitraries.ts"
import { links, observed, problem } from "./utils/wire.ts"

const url = "https://files.example.com/v.mp4"

const success = { status: "SUCCESS" as const, urls: [url] }

const said = (read: typeof ArkWire.toObservation, body: unknown) => ({
  status: observed(read, body).status,
  urls: links(read, body)
})

describe("what several APIs do", () => {
  it("quirk 14: `unknown` says nothing, and FAILURE is one more word for a failure", () => {
    assert.deepStrictEqual([StatusWord.read("unknown"), StatusWord.read("FAILURE")], [{}, { status: "FAILED" }])
  })

  it("quirk 18: reads what a limit is about, in any language and without any words", () => {
    const broke = ErrorBody.read({ code: 1102, message: "Account balance not enough", request_id: "k-1" })
    assert.deepStrictEqual([broke.code, broke.providerCode], ["1102", 1102])
    assert.strictEqual(ErrorBody.read({ error: { message: "请求过于频繁" } }).message, "请求过于频繁")
    assert.deepStrictEqual(ErrorBody.read(""), {})
  })

  it.each([["CANCELED"], ["CANCELLED"], ["canceled"], ["cancelled"]])("quirk 22: reads %s as cancelled", (word) => {
    assert.deepStrictEqual(StatusWord.read(word), { status: "CANCELLED" })
  })

  it("quirk 25: a running task may fail late, and an end stays whatever is said after it", () => {
    const failed = event(3000, { status: "FAILED", failure: new Video.Failure({ message: "channel fault" }) })
    const late = event(4000, { status: "SUCCESS", progress: 100, videos: [archived()] })
    const ended = TaskMachine.replay([created(), event(2000, { status: "IN_PROGRESS", progress: 60 }), failed])
    const after = TaskMachine.replay([created(), event(2000, { status: "IN_PROGRESS", progress: 60 }), failed, late])
    assert.deepStrictEqual([ended, after], [ended, ended])
  })
})

describe("what clients of CometAPI have met", () => {
  it("quirk 33: a failed Seedance task may carry no reason", () => {
    const { failure, status, videos } = observed(CometApiWire.toObservation, {
      id: "task_1",
      object: "video",
      status: "FAILURE",
      progress: 100,
      video_url: null
    })
    assert.deepStrictEqual([status, failure, videos], ["FAILED", undefined, []])
  })

  it("quirk 34: a task that is not there is told in the message alone", () => {
    const body = { error: { message: "task_not_exist", type: "cometapi_error" } }
    assert.isTrue(ErrorBody.isTaskNotExist(body))
    assert.strictEqual(problem(CometApiWire.toObservation, body).kind, "missing")
  })

  it("quirk 43: entries of the catalogue leave much out, and spell the rest in several ways", () => {
    const entry = { id: "grok-4.5", code: "grok-4-5", features: null, upcoming: true, pricing: { ratio: 0.8 } }
    for (const endpoints of ["{\"a\":{\"path\":\"/v1/x\"}}", { a: { path: "/v1/x" } }, ["/v1/x"]]) {
      assert.deepStrictEqual(
        CometCatalogueWire.toModels([{ ...entry, endpoints }]),
        Result.succeed([
          { id: "grok-4.5", code: "grok-4-5", features: [], routes: ["POST /v1/x"], upcoming: true }
        ])
      )
    }
  })
})

describe("what clients of xAI have met", () => {
  const read = XAiWire.toObservation

  it("quirk 35: a refused query may be a job that failed and is charged", () => {
    const usage = { cost_in_usd_ticks: 500000000 }
    const found = XAiWire.toChargedFailure({ code: "moderated", error: "The video was blocked", usage })
    assert.deepStrictEqual([found?.status, found?.cost?.amount], ["FAILED", 0.05])
    assert.strictEqual(XAiWire.toChargedFailure({ error: "Incorrect API key provided", usage: {} }), undefined)
  })

  it("quirk 35: lengths may be fractions, bills in tokens, and an expired job may say why", () => {
    const done = observed(read, { status: "done", video: { url, duration: 6.5 }, usage: { total_tokens: 9 } })
    assert.deepStrictEqual([done.videos[0]?.durationSeconds, done.cost?.unit], [6.5, "tokens"])
    assert.strictEqual(observed(read, { request_id: "r", status: "pending" }).status, "IN_PROGRESS")
    for (const why of [{ message: "too old" }, { error: "too old" }]) {
      assert.strictEqual(observed(read, { status: "expired", ...why }).status, "EXPIRED")
    }
  })
})

describe("what New-API's pages and relatives do", () => {
  const read = NewApiWire.toObservation

  it("quirk 36: an error may be flat with a code of null, or nested without a type", () => {
    assert.deepStrictEqual(ErrorBody.read({ code: null, message: "bad seconds", param: "seconds", type: "invalid" }), {
      code: "invalid",
      providerCode: null,
      message: "bad seconds",
      type: "invalid"
    })
    assert.strictEqual(ErrorBody.read({ error: { message: "bad", code: "invalid_seconds" } }).code, "invalid_seconds")
  })

  it("quirk 37: a create may say `processing`, and a link may stand there before the end", () => {
    assert.strictEqual(observed(read, { task_id: "t1", status: "processing" }).status, "IN_PROGRESS")
    assert.deepStrictEqual(said(read, { id: "t1", status: "completed", url }), success)
    assert.deepStrictEqual(said(read, { id: "t1", status: "queued", metadata: { url } }), {
      status: "SUBMITTED",
      urls: []
    })
  })

  it("quirk 38: the link of a row may stand three levels down, and clones write the row otherwise", () => {
    const vendor = { code: 0, data: { task_status: "succeed", task_result: { videos: [{ url }] } } }
    const row = { task_id: "t1", status: "SUCCESS", data: vendor }
    assert.deepStrictEqual(said(read, { code: "success", message: "", data: row }), success)
    assert.deepStrictEqual(said(read, { code: 0, data: { task_id: "t1", status: "success", video_url: url } }), success)
    const failed = observed(read, { code: 0, data: { task_id: "t1", status: "failed", error: "refused" } })
    assert.deepStrictEqual([failed.status, failed.failure?.message], ["FAILED", "refused"])
  })
})

describe("what clients of the vendors have met", () => {
  it("quirk 39: Runway says in a list what is wrong, and its likenesses write their own way", () => {
    const issues = [{ code: "custom", message: "Only HTTPS", path: ["promptImage"] }]
    assert.deepStrictEqual(ErrorBody.read({ error: "Validation failed", issues, requestId: "r-1" }), {
      message: "Validation failed (promptImage: Only HTTPS)",
      requestId: "r-1"
    })
    const { cost, failure, status } = observed(RunwayWire.toObservation, {
      id: "r",
      status: "failed",
      progress: 100,
      error: { message: "refused" },
      cost: { credits: 25 }
    })
    assert.deepStrictEqual([status, failure?.message, cost?.amount], ["FAILED", "refused", 25])
  })

  it("quirk 40: Ark's type of error is BadRequest, and clones of it send content as a list", () => {
    const said = ErrorBody.read({ error: { code: "InvalidParameter", message: "no", type: "BadRequest" } })
    assert.deepStrictEqual([said.code, said.type], ["InvalidParameter", "BadRequest"])
    const content = [{ type: "video_url", video_url: { url } }]
    assert.deepStrictEqual(links(ArkWire.toObservation, { id: "cgt-1", status: "succeeded", content }), [url])
  })

  it.each([
    [{ code: "0", message: null }],
    [{ message: "SUCCEED" }],
    [{ code: 0, message: "success" }]
  ])("quirk 41: Kling's wrapper may be %j", (wrapper) => {
    const data = { task_id: "18", task_status: "succeed", task_status_msg: "success" }
    const { failure, remoteId, status } = observed(KlingWire.toObservation, { ...wrapper, data })
    assert.deepStrictEqual([status, failure, remoteId], ["SUCCESS", undefined, "18"])
    const failed = observed(KlingWire.toObservation, { ...wrapper, data: { ...data, task_status: "failed" } })
    assert.deepStrictEqual([failed.status, failed.failure], ["FAILED", undefined])
  })

  it.each(
    [["OpenAI", OpenAiWire], ["New-API", NewApiWire], ["CometAPI", CometApiWire], ["SeeAny", SeeAnyWire]] as const
  )(
    "quirk 42: likenesses of %s send an error as a sentence, a link only in data[0], progress with a sign",
    (_, { toObservation: read }) => {
      const failed = observed(read, { id: "v1", status: "failed", error: "refused" })
      assert.deepStrictEqual([failed.status, failed.failure?.message], ["FAILED", "refused"])
      assert.deepStrictEqual(said(read, { id: "v1", status: "completed", data: [{ url }] }), success)
      assert.strictEqual(observed(read, { id: "v1", status: "processing", progress: "0%" }).progress, 0)
    }
  )
})

describe("the list of quirks", () => {
  const root = path.resolve(import.meta.dirname, "../../..")

  const listed = (): ReadonlyArray<number> => {
    const page = fs.readFileSync(path.join(root, "docs/testing.md"), "utf8")
    const [, list = ""] = page.split("\n## Quirks\n")
    return [...list.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number))
  }

  /** The numbers in the names of tests, as in "quirks 4, 5 and 6: …". */
  const namedIn = (file: string): ReadonlyArray<number> =>
    [...fs.readFileSync(file, "utf8").matchAll(/["`]\S* ?quirks? (\d+(?:(?:, | and )\d+)*):/g)]
      .flatMap(([, numbers = ""]) => numbers.split(/, | and /).map(Number))

  const named = (): ReadonlyArray<number> => {
    const packages = fs.readdirSync(path.join(root, "packages")).map((name) =>
      path.join(root, "packages", name, "test")
    )
    const files = packages.filter((folder) => fs.existsSync(folder)).flatMap((folder) =>
      fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".test.ts"))
        .map((name) => path.join(folder, name))
    )
    return [...new Set(files.flatMap(namedIn))].sort((one, other) => one - other)
  }

  it("counts from 1", () => {
    const numbers = listed()
    assert.isAbove(numbers.length, 0)
    assert.deepStrictEqual(numbers, numbers.map((_, n) => n + 1))
  })

  it("has no number that no test names, and the tests name no other", () => {
    assert.deepStrictEqual(named(), listed())
  })
})
