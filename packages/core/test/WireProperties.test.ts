import { assert, describe, it } from "@effect/vitest"
import {
  ArkWire,
  CometApiWire,
  KlingWire,
  NewApiWire,
  Observation,
  OpenAiWire,
  RunwayWire,
  SeeAnyWire,
  TaskStatus,
  XAiWire
} from "@video-tasks/core"
import { Arbitrary, Redacted, Result, Schema } from "effect"

const readers = [
  ["ArkWire", ArkWire.toObservation],
  ["CometApiWire", CometApiWire.toObservation],
  ["KlingWire", KlingWire.toObservation],
  ["RunwayWire", RunwayWire.toObservation],
  ["SeeAnyWire", SeeAnyWire.toObservation],
  ["NewApiWire", NewApiWire.toObservation],
  ["OpenAiWire", OpenAiWire.toObservation],
  ["XAiWire", XAiWire.toObservation]
] as const

type Reader = (typeof readers)[number][1]

const secret = "X-Tos-Signature=c0ffee-secret"

const signed = `https://tos.example.com/v.mp4?X-Tos-Expires=86400&${secret}`

const bodies: ReadonlyArray<Schema.Json> = [
  { id: "t1", object: "video", model: "m", status: "IN_PROGRESS", progress: 45, created_at: 1776567610 },
  { id: "t1", status: "completed", progress: 100, completed_at: 1779872300, video_url: signed, size: "1280x720" },
  {
    id: "t1",
    status: "completed",
    metadata: { url: signed, duration: 5, fps: 30, width: 1280, seed: 7 },
    format: "mp4"
  },
  { id: "t1", status: "failed", error: { code: 1001, message: `failed to fetch ${signed}` } },
  { id: "v1", status: "completed", video_url: signed, thumbnail_url: signed, usage: { cost: 0.7, cost_unit: "CNY" } },
  {
    code: "success",
    message: "",
    data: {
      id: 1,
      task_id: "t1",
      status: "SUCCESS",
      quota: 2500,
      fail_reason: signed,
      progress: "100%",
      submit_time: 1767000000,
      data: { status: "done", video: { url: signed, duration: 1, respect_moderation: true }, output: [signed] }
    }
  },
  {
    id: "cgt-1",
    status: "succeeded",
    content: [{ video_url: { url: signed }, last_frame_url: signed }],
    usage: { total_tokens: "7" },
    created_at: 1743414619,
    updated_at: 1743414673,
    duration: "5"
  },
  { id: "t1", status: "RUNNING", createdAt: "2026-05-01T12:47:47.351Z", progress: 0.45 },
  {
    id: "t1",
    status: "FAILED",
    createdAt: "2026-05-01T20:47:47.351+08:00",
    failure: `failed to fetch ${signed}`,
    failureCode: "ASSET.INVALID",
    cost: { credits: "5" }
  },
  { code: "fail_to_fetch_task", message: "{\"error\":{\"code\":\"x\",\"message\":\"y\"}}", data: null },
  { code: 0, data: { task_id: "t1", task_status: "succeed", task_result: { videos: [{ id: "1", url: signed }] } } }
]

const values = Schema.Literals([
  ...TaskStatus.running,
  ...TaskStatus.terminal,
  "unknown",
  "constructor",
  signed,
  "1e400",
  "-1",
  "45%",
  "9007199254740993",
  "2026-04-19T03:00:10Z",
  "{\"error\":\"x\"}",
  ""
])

const replacement = Schema.Union([Schema.Json, values])

/** Where to change a body: the position among all of its values, and what to put there. */
const mutation = Schema.Struct({ at: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 40 })), to: replacement })

const mutated = Schema.Struct({
  body: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: bodies.length - 1 })),
  mutations: Schema.Array(mutation).check(Schema.isMaxLength(4))
})

const change = (json: Schema.Json, at: number, to: Schema.Json): Schema.Json => {
  let seen = 0
  const walk = (value: Schema.Json): Schema.Json => {
    if (seen++ === at) return to
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== "object" || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]))
  }
  return walk(json)
}

const applied = ({ body, mutations }: typeof mutated.Type): Schema.Json =>
  mutations.reduce<Schema.Json>((json, { at, to }) => change(json, at, to), bodies[body] ?? null)

const isObservation = Schema.is(Observation.Observation)

const assertReadable = (read: Reader, body: unknown): void => {
  const result = read(body)
  if (Result.isFailure(result)) {
    assert.strictEqual(result.failure._tag, "WireProblem")
    assert.include(["notATask", "refused", "missing"], result.failure.kind)
    assert.notInclude(JSON.stringify(result.failure), "c0ffee")
    return
  }
  const observation = result.success
  assert.isTrue(isObservation(observation))
  const { cost, failure, progress = 0, raw = "", status, unrecognised, videos } = observation
  assert.isTrue(videos.length === 0 || status === "SUCCESS")
  assert.isTrue(failure === undefined || status === "FAILED" || status === "ERROR")
  assert.isTrue(status === undefined || unrecognised === undefined)
  assert.isTrue(progress >= 0 && progress <= 100)
  assert.isTrue(cost === undefined || cost.amount >= 0)
  for (const { url } of videos) assert.match(Redacted.value(url), /^https?:\/\//i)
  assert.isAtMost(Buffer.byteLength(raw), 8192)
  const { remoteId: _, ...shown } = observation
  assert.notInclude(JSON.stringify(shown), "c0ffee")
}

const bytes = Arbitrary.map(
  Arbitrary.schema(Schema.Uint8Array),
  (all) => new TextDecoder().decode(all)
)

describe.each(readers)("%s", (_, read) => {
  it.prop("reads any JSON as an observation, or says what is wrong", [Schema.Json], ([json]) => {
    for (const body of [json, { id: "t1", status: json }, { code: "success", data: json }, { id: "t1", data: json }]) {
      assertReadable(read, body)
    }
  }, { arbitrary: { runs: 1000 } })

  it.prop("reads any change of a good body", [mutated], ([choice]) => {
    const body = applied(choice)
    const before = JSON.stringify(body)
    assertReadable(read, body)
    assert.strictEqual(JSON.stringify(body), before)
  }, { arbitrary: { runs: 3000 } })

  it.prop(
    "reads any value in any of its fields",
    [Schema.Array(Schema.Tuple([field(read), replacement]))],
    ([entries]) => {
      const fields = Object.fromEntries(entries)
      for (const body of [fields, { id: "t1", ...fields }, { code: 0, data: fields }]) assertReadable(read, body)
      for (const status of ["SUCCESS", "FAILED"]) assertReadable(read, { id: "t1", ...fields, status })
    },
    { arbitrary: { runs: 1000 } }
  )

  it.prop("reads whatever bytes can be parsed", [bytes], ([text]) => {
    const parsed = Result.try((): unknown => JSON.parse(text))
    assertReadable(read, Result.getOrElse(parsed, () => text))
  }, { arbitrary: { runs: 1000 } })

  it("reads what JSON can hold and nobody expects", () => {
    const deep = `${"[".repeat(5000)}${"]".repeat(5000)}`
    const nested = `${"{\"data\":".repeat(3000)}1${"}".repeat(3000)}`
    for (
      const text of [
        "{\"__proto__\":{\"id\":\"t1\",\"status\":\"SUCCESS\"}}",
        "{\"constructor\":1,\"toString\":2,\"hasOwnProperty\":3,\"id\":\"t1\",\"status\":\"__proto__\"}",
        "{\"id\":\"t1\",\"status\":\"FAILED\",\"error\":{\"code\":1e400,\"message\":\"x\"},\"progress\":1e400}",
        "{\"id\":\"t1\",\"status\":\"completed\",\"video_url\":\"https://[\",\"expires_at\":1e400}",
        "{\"id\":\"\\ud800\",\"status\":\"\\udfff\"}",
        `{"id":"t1","status":"SUCCESS","output":${deep}}`,
        `{"id":"t1","status":"FAILED","error":${deep},"data":${nested}}`,
        deep,
        nested
      ]
    ) assertReadable(read, JSON.parse(text))
  })
})

/** The names of all fields that some API of ours knows. */
function field(read: Reader) {
  const tasks = { ArkWire, CometApiWire, KlingWire, SeeAnyWire, NewApiWire, OpenAiWire }
  const own = Object.values(tasks).filter(({ toObservation }) => toObservation === read)
  const known = own.flatMap(({ Task }) => Object.keys(Task.fields))
  return Schema.Literals([
    ...known,
    "data",
    "code",
    "success",
    "message",
    "msg",
    "output",
    "content",
    "video",
    "task_result",
    "metadata",
    "failure",
    "failureCode",
    "respect_moderation"
  ])
}
