import { assert, describe, it } from "@effect/vitest"
import { TaskId } from "@video-tasks/core"
import * as Keys from "../src/internal/batchKeys.ts"
import * as Lines from "../src/internal/batchLines.ts"
import { sharedFiles } from "../src/internal/batchPlan.ts"

const good = { provider: "generic", model: "m", prompt: "A fox" }

const parse = (...lines: ReadonlyArray<unknown>) =>
  Lines.parse(lines.map((line) => typeof line === "string" ? line : JSON.stringify(line)).join("\n"))

describe("the lines of a batch", () => {
  it("are read with their numbers; empty ones and remarks are left out", () => {
    const { faults, lines } = parse("\uFEFF# mine", "", good, { ...good, seconds: 5, images: ["a.png"] })
    assert.deepStrictEqual(faults, [])
    assert.deepStrictEqual(lines, [
      { ...good, images: [], line: 3 },
      { ...good, seconds: 5, images: ["a.png"], line: 4 }
    ])
  })

  it.each([
    ["{", "line 1: is not JSON"],
    ["[]", "line 1: is no JSON object"],
    [{ provider: "generic" }, "line 1: model is missing; it is a text that is not empty"],
    [{ ...good, seconds: "5" }, "line 1: seconds is \"5\"; allowed: a number above 0"],
    [{ ...good, images: [1] }, "line 1: images is [1]; allowed: a list of files or URLs"],
    [{ ...good, options: [] }, "line 1: options is []; allowed: an object"]
  ])("are refused with number and field: %j", (line, expected) => {
    assert.deepStrictEqual(parse(line).faults.map(Lines.inWords), [expected])
  })

  it("are refused when two have the same key", () => {
    const { faults } = parse({ ...good, key: "a" }, good, { ...good, key: "a" })
    assert.deepStrictEqual(faults.map(Lines.inWords), ["line 3: key is the same as in line 1"])
  })

  it("are refused when two write one file, also where its name has another case", () => {
    const item = (line: number, file: string | undefined) => ({ line: { ...good, images: [], line }, file })
    const items = [
      item(1, "/out/A.mp4"),
      item(2, undefined),
      item(3, "/out/a.mp4"),
      item(4, "/out/A.mp4"),
      item(5, undefined)
    ]
    const words = (platform: NodeJS.Platform) => sharedFiles(items, platform).map(Lines.inWords)
    const fourth = "line 4: output is /out/A.mp4, which line 1 writes too"
    assert.deepStrictEqual(words("linux"), [fourth])
    assert.deepStrictEqual(words("darwin"), ["line 3: output is /out/a.mp4, which line 1 writes too", fourth])
  })
})

describe("the name of a line", () => {
  const scope = { run: "", images: [] }

  const nameOf = (line: Partial<Lines.BatchLine>, other: Partial<Keys.Scope> = {}) =>
    Keys.nameOf({ ...good, images: [], line: 1, ...line }, { ...scope, ...other })

  it("follows from the request, wherever the line stands and its file goes", () => {
    assert.strictEqual(nameOf({ options: { a: 1, b: 2 } }), nameOf({ options: { b: 2, a: 1 }, line: 9, output: "x" }))
  })

  it("is another one for another request, run or picture", () => {
    const names = [
      nameOf({}),
      nameOf({ prompt: "A boat" }),
      nameOf({}, { run: "second" }),
      nameOf({ provider: "cometapi" }),
      nameOf({}, { images: ["ab"] })
    ]
    assert.strictEqual(new Set(names).size, names.length)
  })

  it("is the key where there is one", () => {
    assert.strictEqual(nameOf({ key: "a" }), nameOf({ key: "a", prompt: "A boat" }))
  })

  it("leads to an id of its own for each of equal lines and each attempt", () => {
    const ids = [Keys.idOf("n", 0, 0), Keys.idOf("n", 1, 0), Keys.idOf("n", 0, 1)]
    assert.strictEqual(new Set(ids).size, 3)
    assert.isTrue(ids.every(TaskId.is))
    assert.strictEqual(Keys.idOf("n", 0, 0), ids[0])
  })
})
