import { assert, describe, it } from "@effect/vitest"
import { Fault, Script } from "@video-tasks/simulator"
import { Effect } from "effect"

const problem = (text: string) =>
  Effect.map(Effect.flip(Script.parse(text)), ({ field, line, problem }) => ({ line, field, problem }))

describe("Script", () => {
  it.effect("reads lines, and skips blank ones and comments", () =>
    Effect.gen(function*() {
      const lines = yield* Script.parse(`
# the answer of the create is lost
{"on":"create","fault":"reset-after-accept"}

// and then the polls suffer
{"on":"poll","api":"cometapi","task":"task_1","nth":2,"times":{"p":0.5},"fault":"429","retryAfter":{"date":3}}`)
      assert.deepStrictEqual(lines, [
        { on: "create", fault: "reset-after-accept" },
        {
          on: "poll",
          api: "cometapi",
          task: "task_1",
          nth: 2,
          times: { p: 0.5 },
          fault: "429",
          retryAfter: { date: 3 }
        }
      ])
    }))

  it.effect.each([
    ["{\"on\":\"poll\"}", 1, "fault"],
    ["\n{\"on\":\"pol\",\"fault\":\"500\"}", 2, "on"],
    ["{\"on\":\"poll\",\"fault\":\"501\"}", 1, "fault"],
    ["{\"on\":\"poll\",\"fault\":\"500\",\"nth\":0}", 1, "nth"],
    ["{\"on\":\"poll\",\"fault\":\"500\",\"nth\":1.5}", 1, "nth"],
    ["{\"on\":\"poll\",\"fault\":\"500\",\"times\":{\"p\":2}}", 1, "times.p"],
    ["{\"on\":\"poll\",\"fault\":\"500\",\"tmes\":2}", 1, "tmes"],
    ["{\"on\":\"poll\",\"fault\":\"500\",\"api\":\"pika\"}", 1, "api"],
    ["{\"on\":\"poll\",\"fault\":\"hang\",\"seconds\":-1}", 1, "seconds"],
    ["{\"on\":\"poll\",\"fault\":\"expired-url\"}", 1, "fault"],
    ["{\"on\":\"create\",\"fault\":\"progress-backwards\"}", 1, "fault"]
  ])("names the line and the field of %s", ([text, line, field]) =>
    Effect.gen(function*() {
      const error = yield* problem(text as string)
      assert.deepStrictEqual({ line: error.line, field: error.field }, { line, field } as never)
    }))

  it.effect.each(["{\"on\":", "[]", "7", "poll 500"])(
    "names the line of %s, which is no object",
    (text) =>
      Effect.gen(function*() {
        const error = yield* problem(`{"on":"poll","fault":"500"}\n${text}`)
        assert.deepStrictEqual({ line: error.line, field: error.field }, { line: 2, field: undefined })
      })
  )

  it.effect("says in its message where to look", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Script.parse("{\"on\":\"poll\",\"fault\":\"cut-at\"}"))
      assert.strictEqual(error.message, "script line 1, field \"fault\": \"cut-at\" strikes download, not poll")
    }))

  it.effect("reads every fault on some operation", () =>
    Effect.forEach(Object.keys(Fault.faults), (fault) => {
      const [on = "poll"] = (Fault.faults as Record<string, Fault.Description>)[fault]!.only ?? []
      return Script.parse(JSON.stringify({ on, fault }))
    }))
})
