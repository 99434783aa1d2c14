/**
 * The page on the real server: a task is made, is seen to live, and its video plays.
 */
import { assert, layer } from "@effect/vitest"
import { CometApi } from "@video-tasks/providers"
import { VideoTasks } from "@video-tasks/runtime"
import { Effect, Exit, Layer, Redacted, Scope } from "effect"
import { Dashboard } from "../src/index.ts"
import { describeInChromium } from "./utils/chromium.ts"
import { realServer } from "./utils/realServer.ts"
import { does, isClean, openPage, reads, sees, violations, world } from "./utils/visitPage.ts"

const wish = (ending = "") =>
  CometApi.seedance({
    model: "doubao-seedance-2-0-fast",
    prompt: `A paper boat in the rain ${ending}[job=60]`,
    seconds: 5
  })

const made = Effect.fnUntraced(function*(ending = "") {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* tasks.submit(wish(ending))
  yield* tasks.track(handle)
  return handle
})

describeInChromium("Page, end to end", () => {
  layer(Layer.mergeAll(world, realServer()), { timeout: 60_000, excludeTestServices: true })((it) => {
    it.effect("shows a task from its create to its video, which plays from this server", () =>
      Effect.gen(function*() {
        const { url } = yield* Dashboard.Dashboard
        const visited = yield* openPage(url)
        const { page } = visited
        yield* reads(page, "pre", "video-tasks create")
        yield* made()
        yield* reads(page, ".body .row .c-prompt", "A paper boat in the rain")
        yield* does(() => page.locator(".body .row").first().click())
        yield* sees(page, ".vt-state.live")
        yield* does(() => page.locator(".vt-state.live[data-state=SUCCESS]").waitFor({ timeout: 30_000 }))
        yield* does(() =>
          page.locator("video").evaluate((element) => {
            const video = element as HTMLVideoElement
            video.muted = true
            return video.play()
          })
        )
        yield* does(() => page.waitForFunction(() => document.querySelector("video")!.currentTime > 0.1))
        yield* reads(page, ".moments", "task.created")
        yield* reads(page, "[aria-label=Request] blockquote", "A paper boat in the rain")
        const answer = yield* does(() => page.locator(".answer").innerText())
        assert.isNotEmpty(answer)
        assert.deepStrictEqual(yield* violations(page), [])
        yield* isClean(visited)
      }).pipe(Effect.scoped), 60_000)

    it.effect(
      "survives a restart of the server without losing a row, and hears of what it missed",
      () =>
        Effect.gen(function*() {
          yield* made()
          const first = yield* Scope.make()
          const { port, url } = yield* Dashboard.make().pipe(Scope.provide(first))
          const visited = yield* openPage(url)
          const { page } = visited
          yield* sees(page, ".body .row")
          const before = yield* does(() => page.locator(".body .row").count())
          yield* Scope.close(first, Exit.void)
          yield* reads(page, ".banner", "Reconnecting")
          assert.strictEqual(yield* does(() => page.locator(".body .row").count()), before)
          yield* made()
          yield* Dashboard.make({ port })
          yield* does(() => page.locator(".banner").waitFor({ state: "detached" }))
          yield* reads(page, ".state.tone-all b", String(before + 1))
          assert.deepStrictEqual(visited.outside, [])
        }).pipe(Effect.scoped),
      60_000
    )

    it.effect("tells why a task failed, and creates it again only after a question", () =>
      Effect.gen(function*() {
        const { url } = yield* Dashboard.Dashboard
        const visited = yield* openPage(url)
        const { page } = visited
        yield* made("[fail]")
        yield* does(() => page.locator(".body .row.tone-failed").first().waitFor({ timeout: 30_000 }))
        yield* does(() => page.locator(".body .row.tone-failed").first().click())
        yield* sees(page, ".problem-card")
        const before = page.url()
        yield* does(() => page.getByRole("button", { name: "Retry as new…" }).click())
        yield* does(() => page.getByRole("button", { name: "Create and pay" }).click())
        yield* does(() => page.waitForURL((now) => now.href !== before))
        yield* sees(page, ".vt-state.live")
        yield* isClean(visited)
      }).pipe(Effect.scoped), 60_000)
  })

  layer(Layer.mergeAll(world, realServer({ readOnly: true, token: Redacted.make("a-token-of-16-letters/&=") })), {
    timeout: 60_000,
    excludeTestServices: true
  })("with a token, read-only", (it) => {
    it.effect("opens with the token of the address, and can change nothing", () =>
      Effect.gen(function*() {
        const { openUrl, url } = yield* Dashboard.Dashboard
        yield* made()
        const visited = yield* openPage(Redacted.value(openUrl), new URL(Redacted.value(openUrl)).hash)
        const { page } = visited
        yield* reads(page, ".tag", "read-only")
        assert.strictEqual(page.url(), `${url}#/`)
        yield* does(() => page.locator(".body .row").first().click())
        yield* sees(page, ".vt-state.live")
        for (const name of ["Poll now", "Cancel", "Retry as new…"]) {
          const button = page.getByRole("button", { name })
          assert.strictEqual(yield* does(() => button.getAttribute("aria-disabled")), "true")
        }
        yield* isClean(visited)
      }).pipe(Effect.scoped), 60_000)
  })
})
