// @effect-diagnostics globalDate:off globalDateInEffect:off
/**
 * The page in a real browser, against a server that only speaks the contract.
 */
import { assert, layer } from "@effect/vitest"
import { TaskId } from "@video-tasks/core"
import { Effect } from "effect"
import type { Page } from "playwright-core"
import type { Row } from "../src/Contract.ts"
import { describeInChromium } from "./utils/chromium.ts"
import { rowOf } from "./utils/rows.ts"
import { does, isClean, openFake, openPage, reads, sees, serveFake, violations, world } from "./utils/visitPage.ts"

const began = Date.now()
const many = (count: number): ReadonlyArray<Row> => Array.from({ length: count }, (_, n) => rowOf(n, began))
const rows = many(60).with(50, { ...rowOf(50, began), state: "ERROR", last: "the provider no longer knows it" })
const firstOf = (is: (row: Row) => boolean): Row => rows.find(is)!
const taskHash = ({ id }: Row) => `#/task/${id}`

const textsOf = (page: Page, selector: string) => does(() => page.locator(selector).allInnerTexts())
/** Waits until the keyboard stands on a row. */
const standsOn = (page: Page, index: number) =>
  does(() =>
    page.waitForFunction((index) => {
      const id = document.activeElement?.getAttribute("aria-activedescendant") ?? ""
      return document.getElementById(id)?.getAttribute("aria-rowindex") === index
    }, String(index))
  )

describeInChromium("Page", () => {
  layer(world, { timeout: 60_000, excludeTestServices: true })((it) => {
    it.effect("lists tasks, newest first, with all that a line tells", () =>
      Effect.gen(function*() {
        const visited = yield* openFake({ rows })
        const { page } = visited
        yield* sees(page, ".body .row")
        const head = yield* textsOf(page, ".titles .cell")
        assert.deepStrictEqual(head, [
          "State",
          "Id",
          "Provider",
          "Model",
          "Prompt",
          "Progress",
          "Next poll",
          "Elapsed",
          "Cost",
          "Last event",
          "When"
        ])
        const cells = yield* textsOf(page, ".body .row[aria-rowindex='4'] .cell")
        const third = rows[2]!
        assert.deepStrictEqual(
          [cells[0], cells[2], cells[3], cells[4], cells[5], cells[8], cells[9]],
          ["in progress", third.provider, third.model, third.prompt, `${third.progress} %`, "~$0.11", third.last]
        )
        assert.deepStrictEqual((yield* textsOf(page, ".state b")).slice(0, 4), ["60", "2", "7", "25"])
        assert.strictEqual(yield* does(() => page.locator(".provider").count()), 4)
        yield* reads(page, ".provider", "key rejected")
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)

    it.effect(
      "follows what changes, and keeps the place of the reader while new tasks come",
      () =>
        Effect.gen(function*() {
          const visited = yield* openFake({ rows })
          const { fake, page } = visited
          yield* sees(page, ".body .row")
          fake.change({ rows: [{ ...rows[2]!, progress: 99, last: "almost" }] })
          yield* reads(page, ".body .row[aria-rowindex='4'] .c-progress", "99 %")
          yield* does(() => page.locator("#grid").evaluate((grid) => grid.scrollTop = 280))
          const tenth = (yield* textsOf(page, ".body .row[aria-rowindex='12'] .c-id"))[0]!
          fake.change({ rows: [{ ...rowOf(0, began), id: "new-task-1", createdAt: began + 60_000 }] })
          yield* reads(page, ".body .row[aria-rowindex='13'] .c-id", tenth)
          assert.strictEqual(yield* does(() => page.locator("#grid").evaluate((grid) => grid.scrollTop)), 308)
          yield* isClean(visited)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect(
      "filters by state, by provider and by words, and says so to screen readers",
      () =>
        Effect.gen(function*() {
          const visited = yield* openFake({ rows })
          const { page } = visited
          yield* does(() => page.getByRole("button", { name: /^failed/ }).click())
          yield* does(() =>
            page.waitForFunction(() => document.querySelectorAll(".body .row:not(.tone-failed)").length === 0)
          )
          const failed = rows.filter(({ state }) => state === "FAILED").length
          assert.strictEqual(yield* does(() => page.locator(".body .row").count()), failed)
          yield* reads(page, "[role=status]", `${failed} tasks match`)
          yield* does(() => page.getByRole("button", { name: /^all/ }).click())
          yield* does(() => page.locator(".provider", { hasText: "seeany" }).click())
          const own = rows.filter(({ provider }) => provider === "seeany")
          yield* reads(page, "[role=status]", `${own.length} tasks match`)
          yield* does(() => page.locator("#search").fill("kling-v3"))
          yield* reads(page, "[role=status]", `${own.filter(({ model }) => model === "kling-v3").length} tasks match`)
          yield* does(() => page.locator("#search").fill("no such words"))
          yield* reads(page, ".nothing", "No task matches")
          yield* does(() => page.getByRole("button", { name: "Show all" }).click())
          yield* sees(page, ".body .row[aria-rowindex='2']")
          yield* isClean(visited)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect("is worked with the keyboard alone", () =>
      Effect.gen(function*() {
        const visited = yield* openFake({ rows })
        const { page } = visited
        yield* sees(page, ".body .row")
        const press = (key: string) => does(() => page.keyboard.press(key))
        yield* press("ArrowDown")
        yield* standsOn(page, 2)
        yield* press("ArrowDown")
        yield* standsOn(page, 3)
        yield* does(() => page.evaluate(() => (document.activeElement as HTMLElement).blur()))
        yield* press("End")
        yield* standsOn(page, 61)
        yield* press("Home")
        yield* press("/")
        assert.strictEqual(yield* does(() => page.evaluate(() => document.activeElement?.id)), "search")
        yield* press("Escape")
        yield* press("/")
        yield* press("ArrowDown")
        yield* standsOn(page, 2)
        yield* press("ArrowDown")
        yield* press("ArrowDown")
        yield* standsOn(page, 4)
        yield* press("End")
        yield* does(() => page.waitForFunction(() => document.querySelector("#grid")!.scrollTop > 0))
        yield* standsOn(page, 61)
        yield* standsOn(page, 61)
        yield* press("PageUp")
        yield* press("Home")
        yield* standsOn(page, 2)
        yield* press("?")
        yield* sees(page, "dialog[open] kbd")
        yield* press("Escape")
        yield* does(() => page.waitForFunction(() => document.querySelector("dialog") === null))
        yield* press("ArrowDown")
        yield* press("ArrowDown")
        yield* press("Enter")
        yield* sees(page, ".title h1:focus")
        assert.strictEqual(new URL(page.url()).hash, taskHash(rows[2]!))
        yield* press("?")
        yield* sees(page, "dialog[open] kbd")
        assert.deepStrictEqual(yield* textsOf(page, "dialog kbd"), ["Esc", "r", "c", "?"])
        yield* press("Escape")
        yield* does(() => page.waitForFunction(() => document.querySelector("dialog") === null))
        yield* press("Escape")
        yield* sees(page, ".body .row.chosen[aria-rowindex='4']")
        yield* standsOn(page, 4)
        yield* press("ArrowDown")
        yield* standsOn(page, 5)
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)

    it.effect("shows about forty rows of ten thousand, wherever it is scrolled to", () =>
      Effect.gen(function*() {
        const visited = yield* openFake({ rows: many(10_000) })
        const { page } = visited
        yield* sees(page, ".body .row")
        assert.strictEqual(yield* does(() => page.locator("#grid").getAttribute("aria-rowcount")), "10001")
        assert.isAtMost(yield* does(() => page.locator("[role=row]").count()), 40)
        yield* does(() => page.locator("#grid").evaluate((grid) => grid.scrollTop = 5000 * 28))
        yield* sees(page, ".body .row[aria-rowindex='5010']")
        assert.isAtMost(yield* does(() => page.locator("[role=row]").count()), 40)
        yield* does(() => page.locator("#grid").evaluate((grid) => grid.scrollTop = grid.scrollHeight))
        yield* sees(page, ".body .row[aria-rowindex='10001']")
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)

    it.effect("shows a task with its machine, live", () =>
      Effect.gen(function*() {
        const running = firstOf(({ isRetrying, state }) => state === "IN_PROGRESS" && !isRetrying)
        const visited = yield* openFake({ rows }, taskHash(running))
        const { fake, page } = visited
        yield* sees(page, ".vt-state.live[data-state=IN_PROGRESS]")
        yield* sees(page, ".vt-state.visited[data-state=SUBMITTED]")
        yield* sees(page, ".vt-edge.last[data-edge='SUBMITTED->IN_PROGRESS']")
        yield* reads(page, ".vt-state[data-state=SUBMITTED] .spent", "9.1 s")
        assert.isAtLeast(yield* does(() => page.locator(".visit").count()), 2)
        fake.change({
          rows: [{ ...running, state: "SUCCESS", isRetrying: false, completedAt: Date.now(), last: "1 video" }]
        })
        yield* sees(page, ".vt-state.live[data-state=SUCCESS]")
        yield* sees(page, ".vt-edge.last[data-edge~='IN_PROGRESS->SUCCESS']")
        yield* reads(page, ".badge", "succeeded")
        yield* reads(page, "[aria-label=Result]", "link expires in")
        assert.match(yield* does(() => page.title()), /^succeeded · /)
        assert.isNull(
          yield* does(() => page.locator("video").getAttribute("src")).pipe(
            Effect.map((src) => /^\/api\/tasks\/[^/]+\/videos\/0$/.test(src ?? "") ? null : src)
          )
        )
      }).pipe(Effect.scoped), 40_000)

    it.effect(
      "says how a task failed and what to do, and what an ambiguous create needs",
      () =>
        Effect.gen(function*() {
          const failed = firstOf(({ state }) => state === "FAILED")
          const visited = yield* openFake({ rows }, taskHash(failed))
          const { page } = visited
          yield* reads(page, ".problem-card", "TaskFailed")
          yield* reads(page, ".problem-card", "Change what it complains about")
          yield* reads(page, ".answer", "\"status\": \"failed\"")
          const ambiguous = firstOf(({ state }) => state === "ambiguous")
          yield* does(() => page.evaluate((hash) => location.hash = hash, taskHash(ambiguous)))
          yield* reads(page, "main .banner", `video-tasks resolve ${ambiguous.id} --discard`)
          yield* does(() => page.goBack())
          yield* reads(page, ".problem-card", "TaskFailed")
          yield* does(() => page.evaluate(() => location.hash = "#/"))
          yield* does(() => page.getByRole("button", { name: /^ambiguous/ }).click())
          yield* reads(page, ".body .row.tone-ambiguous .c-last", `video-tasks resolve ${ambiguous.id}`)
          yield* isClean(visited)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect(
      "says in words what is not there: a bill, somebody who follows, a key, room for a sum",
      () =>
        Effect.gen(function*() {
          const units = ["USD", "EUR", "credits", "quota", "points"]
          const priced = rows.slice(0, 5).map((row, n): Row => ({
            ...row,
            state: n === 0 ? "IN_PROGRESS" : "CANCELLED",
            isRetrying: false,
            followed: "nobody",
            provider: n === 4 ? "runway" : "generic",
            completedAt: n === 0 ? undefined : row.createdAt + 60_000,
            isEstimate: false,
            cost: { amount: 100 - n, unit: units[n]! }
          }))
          const why = "There is no key for Runway: its variable is not set."
          const visited = yield* openFake({
            rows: priced,
            status: { providers: ["generic"] },
            detail: (detail) => ({
              ...detail,
              bill: undefined,
              whyMissing: detail.row.provider === "runway" ? why : undefined
            })
          })
          const { page } = visited
          yield* sees(page, ".header .sum")
          const sums = ["$100.00", "€99.00", "98 credits", "97 quota", "96 points"]
          assert.deepStrictEqual(yield* textsOf(page, ".header .sum"), sums)
          assert.deepStrictEqual(
            (yield* textsOf(page, ".provider")).map((
              line
            ) => [/^\w+/.exec(line)?.[0], line.includes("not asked from here")]),
            [["generic", false], ["runway", true]]
          )
          yield* does(() => page.setViewportSize({ width: 390, height: 800 }))
          assert.strictEqual(yield* does(() => page.locator(".header .sum:visible").count()), sums.length)
          const open = (row: Row) => does(() => page.evaluate((hash) => location.hash = hash, taskHash(row)))
          yield* open(priced[0]!)
          yield* reads(page, "[aria-label=Cost] dd", "none yet")
          yield* reads(page, ".pair", "nobody follows it; to go on: video-tasks resume")
          assert.strictEqual(yield* does(() => page.locator(".missing").count()), 0)
          yield* open(priced[4]!)
          yield* reads(page, "[aria-label=Cost] dd", "the provider told none")
          yield* reads(page, ".title .missing", why)
          assert.deepStrictEqual(yield* violations(page), [])
          yield* isClean(visited)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect("acts, after a question where it costs money, and says why it can't", () =>
      Effect.gen(function*() {
        const running = firstOf(({ isRetrying, provider, state }) =>
          state === "IN_PROGRESS" && !isRetrying && provider === "seeany"
        )
        const visited = yield* openFake({ rows }, taskHash(running))
        const { fake, page } = visited
        const button = (name: string) => page.getByRole("button", { name, exact: true })
        yield* does(() => button("Poll now").click())
        yield* reads(page, ".notice", "Read: nothing new.")
        yield* does(() => button("Retry as new…").click({ force: true }))
        assert.strictEqual(yield* does(() => button("Retry as new…").getAttribute("aria-disabled")), "true")
        yield* reads(page, ".why", "It still runs: wait for its end first.")
        yield* does(() => page.keyboard.press("c"))
        yield* does(() => page.getByRole("dialog").getByRole("button", { name: "Leave it" }).click())
        assert.deepStrictEqual(fake.posted, [`poll ${running.id}`])
        yield* does(() => button("Cancel").click())
        yield* does(() => button("Cancel the task").click())
        yield* reads(page, ".badge", "cancelled")
        yield* does(() =>
          page.waitForFunction(() =>
            [...document.querySelectorAll("button")].some((one) =>
              one.textContent === "Retry as new…" && one.getAttribute("aria-disabled") === "false"
            )
          )
        )
        yield* does(() => page.keyboard.press("r"))
        yield* reads(page, "dialog", "pay again")
        for (const part of [running.model, running.id.slice(-7), running.prompt]) yield* reads(page, "dialog", part!)
        yield* does(() => button("Create and pay").click())
        yield* does(() => page.waitForURL((url) => url.hash !== taskHash(running)))
        assert.deepStrictEqual(fake.posted, [`poll ${running.id}`, `cancel ${running.id}`, `retry ${running.id}`])
        assert.strictEqual(new URL(page.url()).hash, `#/task/${fake.named[0]}`)
        assert.isTrue(TaskId.is(fake.named[0]!))
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)

    it.effect(
      "asks for the same new task again after a lost answer, and for another one after any answer",
      () =>
        Effect.gen(function*() {
          const failed = firstOf(({ state }) => state === "FAILED")
          const { fake, page } = yield* openFake({ rows }, taskHash(failed))
          const retried = Effect.gen(function*() {
            yield* does(() => page.getByRole("button", { name: "Retry as new…" }).click())
            yield* does(() => page.getByRole("button", { name: "Create and pay" }).click())
          })
          fake.answers("lost")
          yield* retried
          yield* reads(page, ".notice.bad", "The server does not answer.")
          fake.answers("well")
          yield* retried
          yield* does(() => page.waitForURL((url) => url.hash !== taskHash(failed)))
          // The browser itself may have sent it once more.
          assert.isAtLeast(fake.named.length, 2)
          assert.strictEqual(new Set(fake.named).size, 1)
          const before = fake.named.length
          yield* does(() => page.evaluate((hash) => location.hash = hash, taskHash(failed)))
          yield* reads(page, ".pairs code", failed.id)
          yield* retried
          yield* does(() => page.waitForURL((url) => url.hash !== taskHash(failed)))
          assert.strictEqual(fake.named.length, before + 1)
          assert.strictEqual(new Set(fake.named).size, 2)
          fake.answers("refused")
          for (let times = 0; times < 2; times++) {
            yield* does(() => page.evaluate((hash) => location.hash = hash, taskHash(failed)))
            yield* reads(page, ".pairs code", failed.id)
            yield* retried
            yield* reads(page, ".notice.bad", "Begin anew.")
            yield* does(() => page.getByRole("button", { name: "Close this message" }).click())
          }
          assert.strictEqual(new Set(fake.named).size, 4)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect("acts on no row that a filter has taken away", () =>
      Effect.gen(function*() {
        const visited = yield* openFake({ rows })
        const { fake, page } = visited
        yield* sees(page, ".body .row")
        const press = (key: string) => does(() => page.keyboard.press(key))
        const index = rows.findIndex(({ state }) => state === "IN_PROGRESS")
        for (let n = 0; n <= index; n++) yield* press("ArrowDown")
        yield* standsOn(page, index + 2)
        yield* press("c")
        yield* reads(page, "dialog", rows[index]!.id.slice(-7))
        yield* does(() => page.getByRole("button", { name: "Leave it" }).click())
        yield* does(() => page.getByRole("button", { name: /^failed/ }).click())
        yield* does(() =>
          page.waitForFunction(() => document.querySelectorAll(".body .row:not(.tone-failed)").length === 0)
        )
        yield* press("c")
        yield* press("r")
        yield* does(() => page.getByRole("button", { name: /^all/ }).click())
        yield* sees(page, ".body .row[aria-rowindex='20']")
        assert.strictEqual(yield* does(() => page.locator(".row.chosen, dialog").count()), 0)
        assert.deepStrictEqual(fake.posted, [])
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)

    it.effect("copies the handle and the test fixture", () =>
      Effect.gen(function*() {
        const task = firstOf(({ state }) => state === "SUCCESS")
        const visited = yield* openFake({ rows }, taskHash(task), {
          permissions: ["clipboard-read", "clipboard-write"]
        })
        const { page } = visited
        const copied = does(() => page.evaluate(() => navigator.clipboard.readText()))
        yield* does(() => page.getByRole("button", { name: "Handle" }).click())
        yield* reads(page, ".notice", "Copied the handle.")
        assert.strictEqual(yield* copied, task.handle)
        yield* does(() => page.getByRole("button", { name: "Test fixture" }).click())
        yield* reads(page, ".notice", "Copied the journal as a test fixture.")
        assert.deepStrictEqual(JSON.parse(yield* copied), { name: `a task of ${task.provider}`, events: [] })
        const href = yield* does(() => page.getByRole("link", { name: "Download" }).getAttribute("href"))
        assert.strictEqual(href, `/api/tasks/${task.id}/videos/0?download`)
      }).pipe(Effect.scoped), 40_000)

    it.effect(
      "opens the inspector on this machine at once, and the online one only when it is wanted",
      () =>
        Effect.gen(function*() {
          const task = firstOf(({ state }) => state === "SUCCESS")
          const visited = yield* openFake({ rows }, taskHash(task))
          const { page } = visited
          const [popup] = yield* does(() =>
            Promise.all([
              page.waitForEvent("popup"),
              page.getByRole("button", { name: "Inspector", exact: true }).click()
            ])
          )
          yield* does(() => popup.locator("[data-state=SUCCESS].live").first().waitFor())
          yield* does(() => page.getByRole("button", { name: "Stately inspector…" }).click())
          yield* reads(page, "dialog", "stately.ai")
          yield* does(() => page.getByRole("button", { name: "Leave it" }).click())
          assert.deepStrictEqual(visited.outside, [])
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect(
      "keeps its rows while the server is away, and is live again when it is back",
      () =>
        Effect.gen(function*() {
          const { fake, page } = yield* openFake({ rows })
          yield* reads(page, ".live", "live")
          const before = yield* textsOf(page, ".body .c-id")
          yield* does(() => fake.close())
          yield* reads(page, ".banner", "Reconnecting")
          const after = yield* textsOf(page, ".body .c-id")
          assert.isAtLeast(after.length, 20)
          assert.deepStrictEqual(after, before.slice(0, after.length))
          const again = yield* serveFake({ rows: [...rows, ...many(70).slice(65)], port: fake.port })
          yield* does(() =>
            page.getByRole("button", { name: "Try now" }).click({ timeout: 1000 }).catch(() => undefined)
          )
          yield* reads(page, ".state.tone-all b", "65")
          assert.match(again.resumed[0] ?? "", /^[a-z0-9]+\.0$/)
          assert.strictEqual(yield* does(() => page.locator(".banner").count()), 0)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect(
      "closes the line while nobody looks, and goes on where it was, though the server is away at first",
      () =>
        Effect.gen(function*() {
          const fake = yield* serveFake({ rows })
          const { page } = yield* openPage(fake.url, "", { serviceWorkers: "block" })
          yield* does(() => page.clock.install())
          yield* does(() => page.reload())
          yield* reads(page, ".live", "live")
          const hide = (isHidden: boolean) =>
            does(() =>
              page.evaluate((isHidden) => {
                Object.defineProperty(document, "hidden", { configurable: true, value: isHidden })
                document.dispatchEvent(new Event("visibilitychange"))
              }, isHidden)
            )
          yield* hide(true)
          yield* does(() => page.clock.fastForward(6000))
          yield* reads(page, ".live", "paused")
          fake.change({ rows: [{ ...rows[2]!, progress: 98 }] })
          yield* hide(false)
          yield* reads(page, ".live", "live")
          assert.match(fake.resumed.at(-1) ?? "", /^[a-z0-9]+\.0$/)
          yield* hide(true)
          yield* does(() => page.clock.fastForward(6000))
          yield* reads(page, ".live", "paused")
          yield* does(() => fake.close())
          yield* hide(false)
          yield* reads(page, ".live", "reconnecting")
          yield* serveFake({ rows, port: fake.port })
          yield* does(() => page.clock.fastForward(20_000))
          yield* reads(page, ".live", "live")
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect(
      "lets go of the line of a tab that was opened in the background, so that the seventh tab loads",
      () =>
        Effect.gen(function*() {
          const fake = yield* serveFake({ rows })
          const { context } = yield* openPage(fake.url)
          yield* does(() =>
            context.addInitScript(() => Object.defineProperty(document, "hidden", { configurable: true, value: true }))
          )
          const pages: Array<Page> = []
          for (let tab = 0; tab < 7; tab++) {
            const page = yield* does(() => context.newPage())
            void page.goto(fake.url).catch(() => undefined)
            pages.push(page)
          }
          yield* Effect.forEach(pages, (page) => reads(page, ".live", "paused"), { concurrency: "unbounded" })
          assert.isAtLeast(fake.resumed.length, 7)
        }).pipe(Effect.scoped),
      40_000
    )

    for (const token of ["abc/def+ghi=16", "%zz-is-no-code", "100%41=50%"]) {
      it.effect(`takes the token ${token} as it was written, also before the door`, () =>
        Effect.gen(function*() {
          const server = yield* serveFake({ rows, token })
          const atOnce = yield* openPage(server.url, `#token=${token}`)
          yield* sees(atOnce.page, ".body .row")
          assert.strictEqual(atOnce.page.url(), `${server.url}/#/`)
          yield* isClean(atOnce)
          const { page } = yield* openPage(server.url)
          yield* reads(page, "h1", "wants its token")
          const pasted = (hash: string) => does(() => page.evaluate((hash) => void (location.hash = hash), hash))
          yield* pasted("#token=")
          yield* pasted("#token=wrong")
          yield* reads(page, "[role=alert]", "not the token")
          assert.strictEqual(page.url(), `${server.url}/#/`)
          yield* pasted(`#token=${token}`)
          yield* sees(page, ".body .row")
          assert.strictEqual(page.url(), `${server.url}/#/`)
        }).pipe(Effect.scoped), 40_000)
    }

    it.effect("asks for the token, and takes it out of the address at once", () =>
      Effect.gen(function*() {
        const server = yield* serveFake({ rows, token: "a token/of=16&more" })
        const { page } = yield* openPage(server.url)
        yield* reads(page, "h1", "wants its token")
        assert.deepStrictEqual(yield* violations(page), [])
        yield* does(() => page.getByLabel("Token").fill("wrong"))
        yield* does(() => page.keyboard.press("Enter"))
        yield* reads(page, "[role=alert]", "not the token")
        yield* does(() => page.getByLabel("Token").fill("a token/of=16&more"))
        yield* does(() => page.getByRole("button", { name: "Open" }).click())
        yield* sees(page, ".body .row")
        const other = yield* openPage(server.url, `#token=${encodeURIComponent("a token/of=16&more")}`)
        yield* sees(other.page, ".body .row")
        assert.strictEqual(other.page.url(), `${server.url}/#/`)
        yield* isClean(other)
      }).pipe(Effect.scoped), 40_000)

    it.effect(
      "says what a read-only page, a truncated store, a problem of the store, and an unknown task are",
      () =>
        Effect.gen(function*() {
          const visited = yield* openFake({
            rows,
            status: { isReadOnly: true, isTruncated: true, maxTasks: 60, problem: "The database is locked." }
          })
          const { page } = visited
          yield* reads(page, ".tag", "read-only")
          yield* reads(page, ".banner", "The database is locked.")
          yield* reads(page, ".banner", "more tasks than the 60 shown")
          assert.deepStrictEqual(yield* violations(page), [])
          yield* does(() => page.locator(".body .row").first().click())
          yield* does(() => page.getByRole("button", { name: "Cancel" }).focus())
          yield* reads(page, ".button-box:focus-within .why", "This page is read-only.")
          yield* does(() => page.evaluate(() => location.hash = "#/task/unknown"))
          yield* reads(page, ".card", "The store knows no such task.")
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect("shows how to begin where there is no task", () =>
      Effect.gen(function*() {
        const visited = yield* openFake({ rows: [] })
        const { fake, page } = visited
        yield* reads(page, "pre", "video-tasks create")
        assert.deepStrictEqual(yield* violations(page), [])
        fake.change({ rows: rows.slice(0, 1) })
        yield* sees(page, ".body .row")
        fake.change({ removed: [rows[0]!.id] })
        yield* reads(page, "pre", "video-tasks create")
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)

    for (const colorScheme of ["light", "dark"] as const) {
      it.effect(`breaks no rule of accessibility, ${colorScheme}`, () =>
        Effect.gen(function*() {
          const visited = yield* openFake({ rows }, "", { colorScheme })
          const { page } = visited
          yield* sees(page, ".body .row")
          assert.deepStrictEqual(yield* violations(page), [])
          for (const state of ["IN_PROGRESS", "FAILED", "ERROR", "SUCCESS", "ambiguous"]) {
            const row = firstOf((one) => one.state === state)
            yield* does(() => page.evaluate((hash) => location.hash = hash, taskHash(row)))
            yield* reads(page, ".pairs code", row.id)
            if (state !== "ambiguous") yield* sees(page, `.vt-state.live[data-state=${state}]`)
            assert.deepStrictEqual(yield* violations(page), [])
          }
          yield* does(() => page.getByRole("button", { name: "Retry as new…" }).click())
          yield* sees(page, "dialog")
          assert.deepStrictEqual(yield* violations(page), [])
        }).pipe(Effect.scoped), 40_000)
    }

    it.effect("tells tasks apart on a narrow screen: by the prompt, or by id and reason", () =>
      Effect.gen(function*() {
        const { prompt: _, ...hidden } = rows[3]!
        const visited = yield* openFake({ rows: rows.with(3, hidden) }, "", { viewport: { width: 360, height: 720 } })
        const { page } = visited
        const shown = (index: number) =>
          does(() =>
            page.locator(`.body .row[aria-rowindex='${index + 2}'] .cell`).evaluateAll((cells) =>
              cells.filter((cell) => cell.checkVisibility()).map((cell) => /c-\w+/.exec(cell.className)![0].slice(2))
            )
          )
        yield* sees(page, ".body .row")
        assert.deepStrictEqual(yield* shown(2), ["state", "model", "prompt", "progress", "elapsed", "cost"])
        assert.deepStrictEqual(yield* shown(3), ["state", "id", "model", "progress", "elapsed", "cost"])
        yield* does(() => page.locator(".states").getByRole("button", { name: /^failed/ }).click())
        yield* sees(page, ".body .row.tone-failed[aria-rowindex='2']")
        assert.deepStrictEqual(yield* shown(0), ["state", "id", "model", "elapsed", "cost", "last"])
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)

    it.effect(
      "keeps room for the list in a short window, and shows a rejected key first",
      () =>
        Effect.gen(function*() {
          const visited = yield* openFake({ rows }, "", { viewport: { width: 320, height: 256 } })
          const { page } = visited
          yield* sees(page, ".body .row")
          assert.match((yield* textsOf(page, ".provider"))[0]!, /key rejected/)
          const heights = yield* does(() =>
            page.evaluate(() => [document.documentElement.scrollHeight, document.querySelector("#grid")!.clientHeight])
          )
          assert.strictEqual(heights[0], 256)
          assert.isAtLeast(heights[1]!, 190)
          yield* does(() => page.keyboard.press("ArrowDown"))
          yield* standsOn(page, 2)
          const box = yield* does(() => page.locator(".row.chosen").boundingBox())
          assert.isTrue(box !== null && box.y >= 0 && box.y + box.height <= 256)
          assert.deepStrictEqual(yield* violations(page), [])
          yield* isClean(visited)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect(
      "shows progress and the pressed filter in the colours that a system forces",
      () =>
        Effect.gen(function*() {
          const visited = yield* openFake({ rows }, "", { forcedColors: "active" })
          const { page } = visited
          yield* sees(page, ".body .row")
          const colour = (selector: string) =>
            does(() => page.locator(selector).first().evaluate((one) => getComputedStyle(one).backgroundColor))
          assert.notStrictEqual(yield* colour(".fill"), yield* colour("body"))
          assert.notStrictEqual(
            yield* colour(".state[aria-pressed=true]"),
            yield* colour(".state[aria-pressed=false]")
          )
          yield* isClean(visited)
        }).pipe(Effect.scoped),
      40_000
    )

    it.effect("fits a narrow screen", () =>
      Effect.gen(function*() {
        const visited = yield* openFake({ rows }, "", { viewport: { width: 360, height: 720 } })
        const { page } = visited
        yield* sees(page, ".body .row")
        const overflow = does(() => page.evaluate(() => document.documentElement.scrollWidth - innerWidth))
        assert.isAtMost(yield* overflow, 0)
        assert.strictEqual(
          yield* does(() => page.locator(".body .row").first().evaluate((row) => (row as HTMLElement).offsetHeight)),
          56
        )
        assert.deepStrictEqual(yield* violations(page), [])
        yield* does(() =>
          page.locator(".body .row.tone-succeeded").first().scrollIntoViewIfNeeded({ timeout: 500 }).catch(() =>
            undefined
          )
        )
        yield* does(() => page.locator(".body .row").nth(3).click())
        yield* sees(page, ".title h1")
        assert.isAtMost(yield* overflow, 0)
        assert.deepStrictEqual(yield* violations(page), [])
        yield* isClean(visited)
      }).pipe(Effect.scoped), 40_000)
  })
})
