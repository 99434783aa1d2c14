import { assert, describe, it } from "@effect/vitest"
import { Book, everything } from "../page/src/model/Book.ts"
import * as Format from "../page/src/model/format.ts"
import { groupOf, groups, isOver, word } from "../page/src/model/look.ts"
import { ServerEvents } from "../page/src/model/sse.ts"
import { items, visits } from "../page/src/model/timeline.ts"
import type { Moment, Row } from "../src/Contract.ts"
import { rowOf, status } from "./utils/rows.ts"

const at = 1_795_000_000_000

const row = (id: string, fields: Partial<Row> = {}): Row => ({
  id,
  provider: "cometapi",
  family: "v1-videos",
  state: "IN_PROGRESS",
  isRetrying: false,
  followed: "here",
  createdAt: at,
  updatedAt: at,
  last: "",
  lastAt: at,
  ...fields
})

const ids = (book: Book): ReadonlyArray<string | undefined> =>
  Array.from({ length: book.size }, (_, index) => book.at(index)?.id)

const filled = (rows: ReadonlyArray<Row>): Book => {
  const book = new Book()
  book.reset({ now: at, status, providers: [], rows })
  return book
}

describe("page: format", () => {
  it("shows lengths of time as a clock does", () => {
    assert.deepStrictEqual(
      [-5, 31_400, 160_000, 3_723_000, 273_600_000].map(Format.clock),
      ["0:00", "0:31", "2:40", "1:02:03", "3 d 4 h"]
    )
  })

  it("says lengths of time in words", () => {
    assert.deepStrictEqual(
      [0, 180, 9100, 9960, 59_700, 125_000, 12_000_000, 367_200_000].map(Format.duration),
      ["0 ms", "180 ms", "9.1 s", "10 s", "1 min", "2 min 5 s", "3 h 20 min", "4 d 6 h"]
    )
    assert.deepStrictEqual(
      [0, 8400, 200_000, 7_300_000, 500_000_000].map(Format.ago),
      ["now", "8 s ago", "3 min ago", "2 h ago", "5 d ago"]
    )
  })

  it("shows amounts with the sign of their currency, parts of a cent where they matter, and marks estimates", () => {
    const money = (amount: number, unit: string, isEstimate?: boolean) => Format.money({ amount, unit }, isEstimate)
    assert.deepStrictEqual(
      [
        money(0.12, "USD"),
        money(0.024, "USD", true),
        money(0.05, "USD"),
        money(0, "CNY"),
        money(1234.5, "USD"),
        money(120.256, "credits")
      ],
      ["$0.12", "~$0.024", "$0.05", "¥0.00", "$1,234.50", "120.26 credits"]
    )
  })

  it("shows shares, counts and short ids", () => {
    assert.deepStrictEqual([0, 0.009, 0.0995, 1].map(Format.percent), ["0 %", "0.9 %", "10 %", "100 %"])
    assert.strictEqual(Format.count(10_000), "10,000")
    assert.deepStrictEqual(["t1", "019aa2f0-ffff-700a"].map(Format.shortId), ["t1", "…ff-700a"])
  })
})

describe("page: look", () => {
  it("counts a running row whose reads fail as retrying, and no other", () => {
    assert.strictEqual(groupOf(row("a", { isRetrying: true })), "retrying")
    assert.strictEqual(groupOf(row("a", { isRetrying: true, state: "FAILED" })), "failed")
    assert.strictEqual(groupOf(row("a")), "progress")
    assert.deepStrictEqual(groups.map(word).filter((text) => text.includes(" ")), ["in progress"])
    assert.deepStrictEqual([isOver("submitting"), isOver("ambiguous"), isOver("SUCCESS")], [false, true, true])
  })
})

describe("page: Book", () => {
  it("keeps rows newest first, and in their places while they change", () => {
    const book = filled([row("a", { createdAt: at }), row("c", { createdAt: at + 2 }), row("b", { createdAt: at + 1 })])
    assert.deepStrictEqual(ids(book), ["c", "b", "a"])
    book.change({ rows: [row("a", { createdAt: at, updatedAt: at + 9, state: "SUCCESS" })], removed: [] })
    assert.deepStrictEqual(ids(book), ["c", "b", "a"])
    assert.strictEqual(book.get("a")?.state, "SUCCESS")
    book.change({ rows: [row("d", { createdAt: at + 3 })], removed: ["b", "unknown"] })
    assert.deepStrictEqual(ids(book), ["d", "c", "a"])
    assert.deepStrictEqual([book.indexOf("c"), book.indexOf("b"), book.get("b")], [1, -1, undefined])
  })

  it("forgets everything at a reset, and keeps the filter", () => {
    const book = filled([row("a"), row("b", { state: "FAILED" })])
    book.show({ ...everything, group: "failed" })
    book.reset({ now: at, status, providers: [], rows: [row("c", { state: "FAILED" }), row("d")] })
    assert.deepStrictEqual(ids(book), ["c"])
  })

  it("shows rows of a group, of a provider, and with all words of a search", () => {
    const book = filled([
      row("a", { model: "Sora-2", prompt: "A paper airplane" }),
      row("b", { provider: "seeany", model: "kling-v3", prompt: "a PAPER boat" }),
      row("c", { state: "FAILED", remoteId: "task_9" })
    ])
    const shown = (filter: Partial<typeof everything>) => {
      book.show({ ...everything, ...filter })
      return ids(book)
    }
    assert.deepStrictEqual(shown({ group: "failed" }), ["c"])
    assert.deepStrictEqual(shown({ provider: "seeany" }), ["b"])
    assert.deepStrictEqual(shown({ text: " Paper  SORA" }), ["a"])
    assert.deepStrictEqual(shown({ text: "paper", provider: "seeany" }), ["b"])
    assert.deepStrictEqual(shown({ text: "TASK_9" }), ["c"])
    assert.deepStrictEqual(shown({ text: "nothing" }), [])
    assert.deepStrictEqual(shown({ text: "  " }), ["c", "b", "a"])
  })

  it("finds a task by its pasted handle, of which rows only know the provider's id", () => {
    const json = JSON.stringify(["cometapi", "v1-videos", "task_Ü9", "https://api.example.com", "default", null, null])
    const handle = `vt1_${Buffer.concat([Buffer.from(json), Buffer.from([1, 2, 3, 4])]).toString("base64url")}`
    const book = filled([row("a", { remoteId: "task_Ü9" }), row("b", { remoteId: "task_8" })])
    book.show({ ...everything, text: handle })
    assert.deepStrictEqual(ids(book), ["a"])
    book.show({ ...everything, text: "vt1_nonsense" })
    assert.deepStrictEqual(ids(book), [])
  })

  it("lets a row go when it leaves the group that is shown", () => {
    const book = filled([row("a"), row("b")])
    book.show({ ...everything, group: "progress" })
    book.change({ rows: [row("a", { state: "SUCCESS" })], removed: [] })
    assert.deepStrictEqual(ids(book), ["b"])
  })

  it("counts each row once and sums costs by unit", () => {
    const book = filled([
      row("a", { isRetrying: true, cost: { amount: 0.1, unit: "USD" }, isEstimate: true }),
      row("b", { state: "SUCCESS", cost: { amount: 0.25, unit: "USD" } }),
      row("c", { state: "SUCCESS", cost: { amount: 60, unit: "credits" } }),
      row("d", { state: "ambiguous" })
    ])
    const { all, ...rest } = book.counts()
    assert.strictEqual(all, 4)
    assert.strictEqual(Object.values(rest).reduce((sum, one) => sum + one, 0), 4)
    assert.deepStrictEqual([rest.retrying, rest.succeeded, rest.ambiguous, rest.progress], [1, 2, 1, 0])
    assert.deepStrictEqual(book.totals(), [
      { unit: "credits", amount: 60, isEstimate: false },
      { unit: "USD", amount: 0.35, isEstimate: true }
    ])
  })

  it("has all of ten thousand rows, each in its place", () => {
    const book = filled(Array.from({ length: 10_000 }, (_, n) => rowOf((n * 7919) % 10_000, at)))
    assert.strictEqual(book.size, 10_000)
    const created = Array.from({ length: book.size }, (_, index) => book.at(index)!.createdAt)
    assert.deepStrictEqual(created, created.toSorted((a, b) => b - a))
  })
})

describe("page: timeline", () => {
  const step = (after: number, to: Moment["to"], from?: Moment["from"]): Moment => ({
    at: at + after,
    kind: "step",
    type: "task.observed",
    to,
    from,
    text: ""
  })
  const poll = (after: number, type: "failed" | "unchanged"): Moment => ({
    at: at + after,
    kind: "poll",
    type,
    text: ""
  })

  it("folds two and more reads in a row that changed nothing into one line", () => {
    const moments = [
      step(0, "SUBMITTED"),
      poll(10, "unchanged"),
      poll(20, "unchanged"),
      poll(30, "unchanged"),
      poll(35, "failed"),
      poll(40, "unchanged"),
      step(50, "IN_PROGRESS", "SUBMITTED")
    ]
    const lines = items(moments)
    assert.deepStrictEqual(lines.map((line) => line.kind), ["moment", "quiet", "moment", "moment", "moment"])
    assert.deepStrictEqual(lines[1], { kind: "quiet", reads: moments.slice(1, 4), from: at + 10, to: at + 30 })
    assert.deepStrictEqual(lines[2], { kind: "moment", moment: moments[4]!, sinceMs: 5 })
    assert.deepStrictEqual(items([]), [])
  })

  it("draws stays in proportion, and what is long and quiet shorter than it was", () => {
    const moments = [
      step(0, "SUBMITTED"),
      poll(1000, "unchanged"),
      step(4000, "IN_PROGRESS", "SUBMITTED"),
      poll(9000, "failed"),
      step(12_000, "IN_PROGRESS", "IN_PROGRESS")
    ]
    const drawn = visits(moments, at + 612_000)
    assert.deepStrictEqual(drawn.map(({ ms, state }) => [state, ms]), [["SUBMITTED", 4000], ["IN_PROGRESS", 608_000]])
    assert.deepStrictEqual(drawn[1]?.pieces, [
      { state: "IN_PROGRESS", ms: 5000, weight: 5000, isCut: false, isTrouble: false },
      { state: "IN_PROGRESS", ms: 3000, weight: 3000, isCut: false, isTrouble: true },
      { state: "IN_PROGRESS", ms: 600_000, weight: 15_000, isCut: true, isTrouble: false }
    ])
  })

  it("leaves out stays of no length, such as the end", () => {
    const drawn = visits([step(0, "SUBMITTED"), step(2000, "SUCCESS", "SUBMITTED")], at + 2000)
    assert.deepStrictEqual(drawn.map(({ state }) => state), ["SUBMITTED"])
    assert.deepStrictEqual(visits([], at), [])
  })
})

describe("page: ServerEvents", () => {
  const text = "retry: 1000\nid: e.1\nevent: reset\ndata: {\"a\":\ndata: 1}\n\n:\n\nid: e.2\r\ndata:x\r\n\r\n"
  const wanted = [
    { id: "e.1", name: "reset", data: "{\"a\":\n1}" },
    { id: "e.1", name: "comment", data: "" },
    { id: "e.2", name: "message", data: "x" }
  ]

  it("reads events whole", () => {
    assert.deepStrictEqual(new ServerEvents().push(text), wanted)
  })

  it("reads the same wherever the text is cut", () => {
    for (let cut = 1; cut < text.length; cut++) {
      const events = new ServerEvents()
      assert.deepStrictEqual([...events.push(text.slice(0, cut)), ...events.push(text.slice(cut))], wanted)
    }
    const slow = new ServerEvents()
    assert.deepStrictEqual([...text].flatMap((letter) => slow.push(letter)), wanted)
  })
})
