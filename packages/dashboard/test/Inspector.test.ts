/**
 * The inspector's protocol in a real browser: the stock library on one side and ours on the other, both ways.
 */
import { assert, layer } from "@effect/vitest"
import { TaskMachine } from "@video-tasks/core"
import axe from "axe-core"
import { Context, Effect, Layer } from "effect"
import type { Browser, Page } from "playwright-core"
import { describeInChromium, launch, visit } from "./utils/chromium.ts"
import { dashboardPages, fixturePages, serve } from "./utils/pages.ts"

const policy = "default-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'"

/** A browser; our viewer at one origin, and the pages that open it at another. */
class World extends Context.Service<World, {
  readonly browser: Browser
  readonly app: string
  readonly viewer: string
}>()("World") {}

const world = Layer.effect(
  World,
  Effect.gen(function*() {
    const fixtures = yield* fixturePages("inspector", ["stock", "told", "receiver", "react"])
    return {
      browser: yield* launch,
      // Apps may frame what they like.
      app: yield* serve(fixtures, "default-src 'self'; frame-src *"),
      viewer: yield* serve(new Map([...(yield* dashboardPages), ...fixtures]), policy)
    }
  })
)

const opened = Effect.fnUntraced(function*(page: Page) {
  const [popup] = yield* Effect.promise(() => Promise.all([page.waitForEvent("popup"), page.click("button")]))
  return popup
})

const shows = (page: Pick<Page, "waitForSelector">, selector: string) =>
  Effect.promise(() => page.waitForSelector(selector, { timeout: 15_000 }))

const textOf = (page: Page) => Effect.promise(() => page.evaluate(() => document.documentElement.outerHTML))

/** What holds of every visit. */
const isClean = Effect.fnUntraced(function*(
  { errors, outside }: { readonly errors: ReadonlyArray<string>; readonly outside: ReadonlyArray<string> },
  ...pages: ReadonlyArray<Page>
) {
  assert.deepStrictEqual(errors, [])
  assert.deepStrictEqual(outside, [])
  for (const page of pages) {
    const text = yield* textOf(page)
    assert.notMatch(text, /SECRET|private fox|X-Signature/)
  }
})

const isAccessible = Effect.fnUntraced(function*(page: Page) {
  const violations = yield* Effect.promise(() =>
    page.evaluate(
      `${axe.source}; axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes[0].html]))`
    )
  )
  assert.deepStrictEqual(violations, [])
})

const start = Effect.fnUntraced(function*(fixture: string, viewerPage: string, options = "") {
  const { app, browser, viewer } = yield* World
  const visited = yield* visit(browser, { origins: [app, viewer], viewport: { width: 1400, height: 900 } })
  const address = encodeURIComponent(`${viewer}/${viewerPage}.html`)
  yield* Effect.promise(() => visited.page.goto(`${app}/${fixture}.html?viewer=${address}${options}`))
  return { ...visited, app, viewer }
})

const live = (state: string): string => `.picture [data-state="${state}"].live`

describeInChromium("Inspector", () => {
  layer(world, { timeout: 60_000 })((it) => {
    it.effect(
      "draws a live TaskActor that the stock createBrowserInspector sends to its window",
      () =>
        Effect.gen(function*() {
          const visited = yield* start("stock", "inspector")
          const popup = yield* opened(visited.page)
          yield* shows(popup, live("SUCCESS"))
          yield* shows(popup, `.picture [data-edge~="IN_PROGRESS->SUCCESS"].last`)
          assert.deepStrictEqual(
            yield* Effect.promise(() =>
              popup.$$eval(".transitions .last .guard", (all) => all.map((one) => one.textContent))
            ),
            ["[succeeded]"]
          )
          // All of the picture is seen, the ends too.
          yield* Effect.promise(() => popup.setViewportSize({ width: 1200, height: 800 }))
          assert.isAtMost(
            yield* Effect.promise(() => popup.$eval(".picture", (one) => one.scrollWidth - one.clientWidth)),
            0
          )
          const states = yield* Effect.promise(() =>
            popup.$$eval("section.state[data-state]", (all) => all.map((one) => one.getAttribute("data-state")))
          )
          assert.deepStrictEqual(states.slice(0, 2), ["", "starting"])
          assert.sameMembers(states, ["", "starting", ...Object.keys(TaskMachine.machine.states)])
          const events = yield* Effect.promise(() =>
            popup.$$eval(".events > ol > li > details > summary code", (all) =>
              all.map((one) => one.textContent).toReversed())
          )
          assert.deepStrictEqual(events, [
            "xstate.init",
            "task.named",
            "task.created",
            "task.observed",
            "task.observed",
            "task.observed"
          ])
          assert.include(yield* textOf(popup), "&lt;redacted")
          yield* isClean(visited, popup)
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect("draws it in a frame as well", () =>
      Effect.gen(function*() {
        const visited = yield* start("stock", "inspector", "&frame")
        yield* Effect.promise(() => visited.page.click("button"))
        const frame = visited.page.frameLocator("iframe").locator(live("SUCCESS"))
        yield* Effect.promise(() => frame.waitFor({ state: "attached", timeout: 15_000 }))
        yield* isClean(visited)
      }).pipe(Effect.scoped), 60_000)

    it.effect(
      "draws a live task that our bridge tells of, and lights each state as it comes",
      () =>
        Effect.gen(function*() {
          const visited = yield* start("told", "inspector")
          const popup = yield* opened(visited.page)
          yield* shows(popup, live("SUCCESS"))
          assert.match(yield* Effect.promise(() => popup.innerText(".actors")), /double remote-1/)
          assert.strictEqual(
            yield* Effect.promise(() => popup.innerText(".last-edge")),
            "task.observed: IN_PROGRESS → SUCCESS"
          )
          assert.include(yield* textOf(popup), "https://cdn.example.com/v.mp4")
          yield* isClean(visited, popup)
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect(
      "is told the whole story when it comes late, and again when it is loaded anew",
      () =>
        Effect.gen(function*() {
          const visited = yield* start("told", "inspector")
          yield* shows(visited.page, "body.over")
          const popup = yield* opened(visited.page)
          yield* shows(popup, live("SUCCESS"))
          const events = Effect.promise(() => popup.locator(".events > ol > li").count())
          assert.strictEqual(yield* events, 4)
          yield* Effect.promise(() => popup.reload())
          yield* shows(popup, live("SUCCESS"))
          assert.strictEqual(yield* events, 4)
          yield* Effect.promise(() => visited.page.evaluate("bye()"))
          yield* shows(popup, ".connection-ended")
          yield* isClean(visited, popup)
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect("has messages that the stock createBrowserReceiver takes", () =>
      Effect.gen(function*() {
        const visited = yield* start("told", "receiver")
        const popup = yield* opened(visited.page)
        yield* Effect.promise(() =>
          popup.waitForFunction(() => document.querySelector("pre")?.textContent.includes("\"done\""))
        )
        const lines = yield* Effect.promise(() => popup.innerText("pre"))
        const messages = lines.trim().split("\n").map((line) => JSON.parse(line))
        assert.deepStrictEqual(messages.map((message) => message.type), [
          "@xstate.actor",
          ...Array.from({ length: 4 }, () => ["@xstate.event", "@xstate.snapshot"]).flat()
        ])
        assert.deepStrictEqual(
          Object.keys(JSON.parse(messages[0].definition).states),
          Object.keys(TaskMachine.machine.states)
        )
        assert.strictEqual(messages.at(-1).snapshot.value, "SUCCESS")
        yield* isClean(visited, popup)
      }).pipe(Effect.scoped), 60_000)

    it.effect("shows what it is sent as text, whatever it is", () =>
      Effect.gen(function*() {
        const visited = yield* start("told", "inspector")
        const popup = yield* opened(visited.page)
        yield* shows(popup, ".connection-connected")
        const evil = "<img src=x onerror=alert(1)>"
        const common = { sessionId: "evil", rootId: "evil", createdAt: "1", id: null, _version: "0.7.2" }
        const messages = [
          {
            ...common,
            type: "@xstate.actor",
            name: evil,
            definition: "{not json",
            snapshot: { value: evil, context: evil }
          },
          { ...common, type: "@xstate.event", event: { type: evil } },
          {
            ...common,
            type: "@xstate.snapshot",
            event: 7,
            snapshot: { value: { a: { b: evil, c: "d" } }, context: [evil] }
          },
          { ...common, type: "@xstate.snapshot", event: null, snapshot: null },
          { type: "@xstate.actor", sessionId: "no version" },
          7,
          null
        ]
        yield* Effect.promise(() => visited.page.evaluate(`for (const one of ${JSON.stringify(messages)}) say(one)`))
        yield* Effect.promise(() => popup.click(`.actors button:has-text("onerror")`))
        yield* shows(popup, `.machine h2:has-text("onerror")`)
        assert.strictEqual(yield* Effect.promise(() => popup.locator("img").count()), 0)
        assert.notInclude(yield* textOf(popup), "no version")
        assert.deepStrictEqual(visited.errors, [])
      }).pipe(Effect.scoped), 60_000)

    it.effect(
      "believes only the window that opened it, and tells only the window that was opened",
      () =>
        Effect.gen(function*() {
          const visited = yield* start("told", "inspector")
          const popup = yield* opened(visited.page)
          yield* shows(popup, live("SUCCESS"))
          const message = JSON.stringify({
            type: "@xstate.actor",
            sessionId: "stranger",
            name: "stranger",
            createdAt: "1",
            _version: "0.7.2"
          })
          // It speaks to itself: the source is not its opener.
          yield* Effect.promise(() => popup.evaluate(`window.postMessage(${message}, "*")`))
          // The opener hears of a viewer that is none: nothing may be sent there.
          yield* Effect.promise(() =>
            visited.page.evaluate(`new Promise((done) => {
            addEventListener("message", () => setTimeout(done, 50), { once: true })
            window.postMessage({ type: "@statelyai.connected" }, "*")
          })`)
          )
          assert.strictEqual(yield* Effect.promise(() => popup.locator(".events > ol > li").count()), 4)
          // The window goes elsewhere: what is posted is addressed to the origin that was opened.
          yield* Effect.promise(() => popup.goto(`${visited.app}/receiver.html`))
          yield* Effect.promise(() => visited.page.evaluate(`say({ ...${message}, sessionId: "late" })`))
          yield* Effect.promise(() => popup.evaluate("new Promise((done) => setTimeout(done, 50))"))
          assert.strictEqual(yield* Effect.promise(() => popup.innerText("pre")), "")
          assert.deepStrictEqual(visited.outside, [])
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect("is shown by @xstate/react: in strict mode, too, it is submitted once", () =>
      Effect.gen(function*() {
        const visited = yield* start("react", "inspector")
        yield* Effect.promise(() => visited.page.click("button"))
        yield* shows(visited.page, "#ready")
        assert.strictEqual(yield* Effect.promise(() => visited.page.innerText("output")), "SUCCESS 100")
        assert.strictEqual(yield* Effect.promise(() => visited.page.evaluate("creates()")), 1)
        yield* isClean(visited, visited.page)
      }).pipe(Effect.scoped), 60_000)

    it.effect("says what it is for when nobody opened it, and needs nobody else", () =>
      Effect.gen(function*() {
        const { browser, viewer } = yield* World
        const visited = yield* visit(browser, { origins: [viewer], colorScheme: "dark" })
        yield* Effect.promise(() => visited.page.goto(`${viewer}/inspector.html`))
        yield* shows(visited.page, ".connection-alone")
        yield* isAccessible(visited.page)
        assert.include(yield* textOf(visited.page), `url: "${viewer}/inspector.html"`)
        yield* isClean(visited, visited.page)
      }).pipe(Effect.scoped), 60_000)
  })
})
