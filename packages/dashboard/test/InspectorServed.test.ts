/**
 * The viewer as the dashboard serves it: behind its gate, opened by its own page and by an app of another origin.
 */
import { assert, layer } from "@effect/vitest"
import { VideoProvider } from "@video-tasks/core"
import { VideoTasks } from "@video-tasks/runtime"
import { Context, Effect, Layer } from "effect"
import type { Browser } from "playwright-core"
import { Dashboard } from "../src/index.ts"
import { ground, request, running, signedUrl, success } from "./support/world.ts"
import { describeInChromium, launch, visit } from "./utils/chromium.ts"
import { fixturePages, serve } from "./utils/pages.ts"

class World extends Context.Service<World, { readonly browser: Browser; readonly app: string }>()("World") {}

const world = Layer.effect(
  World,
  Effect.gen(function*() {
    const fixtures = yield* fixturePages("inspector", ["stock"])
    return { browser: yield* launch, app: yield* serve(fixtures, "default-src 'self'") }
  })
)

const served = Layer.unwrap(Effect.sync(() => {
  const observations = [running(20), running(60), success(signedUrl)]
  return Dashboard.layer().pipe(
    Layer.provideMerge(ground({ providers: [VideoProvider.double({ observations })] }))
  )
}))

describeInChromium("Inspector, served", () => {
  layer(Layer.merge(world, served), { timeout: 60_000, excludeTestServices: true })((it) => {
    it.effect("is reached by the stock inspector of an app elsewhere", () =>
      Effect.gen(function*() {
        const { app, browser } = yield* World
        const { url } = yield* Dashboard.Dashboard
        const { errors, outside, page } = yield* visit(browser, { origins: [app, new URL(url).origin] })
        const viewer = encodeURIComponent(new URL("inspector.html", url).href)
        yield* Effect.promise(() => page.goto(`${app}/stock.html?viewer=${viewer}`))
        const [popup] = yield* Effect.promise(() => Promise.all([page.waitForEvent("popup"), page.click("button")]))
        yield* Effect.promise(() => popup.waitForSelector(`.picture [data-state="SUCCESS"].live`, { timeout: 15_000 }))
        assert.deepStrictEqual([errors, outside], [[], []])
      }).pipe(Effect.scoped), 60_000)

    it.effect("is opened from a task of the dashboard, and is told of each step", () =>
      Effect.gen(function*() {
        const { browser } = yield* World
        const { url } = yield* Dashboard.Dashboard
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* tasks.submit(request)
        const { id } = yield* tasks.get(handle)
        const { errors, outside, page } = yield* visit(browser, { origins: [new URL(url).origin] })
        yield* Effect.promise(() => page.goto(`${url}#/task/${id}`))
        const [popup] = yield* Effect.promise(() =>
          Promise.all([page.waitForEvent("popup"), page.click(`button:text-is("Inspector")`)])
        )
        const isLive = (state: string) =>
          Effect.promise(() => popup.waitForSelector(`.picture [data-state="${state}"].live`, { timeout: 15_000 }))
        yield* isLive("SUBMITTED")
        yield* tasks.refresh(handle)
        yield* isLive("IN_PROGRESS")
        yield* tasks.refresh(handle)
        yield* tasks.refresh(handle)
        yield* isLive("SUCCESS")
        const events = yield* Effect.promise(() => popup.locator(".events > ol > li").count())
        assert.strictEqual(events, 4)
        const text = yield* Effect.promise(() => popup.content())
        assert.notMatch(text, /SIGNATURE-PLANTED|crosses fresh snow/)
        // The task's page looks for the video, which is not there.
        assert.deepStrictEqual(errors.filter((error) => !error.includes("502 (Bad Gateway)")), [])
        assert.deepStrictEqual(outside, [])
      }).pipe(Effect.scoped), 60_000)
  })
})
