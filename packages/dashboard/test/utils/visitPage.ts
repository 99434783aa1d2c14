/**
 * The page in a real Chromium, on the fake server or on any other.
 */
import { assert } from "@effect/vitest"
import axe from "axe-core"
import { Context, Effect, Layer } from "effect"
import type { Browser, Page } from "playwright-core"
import { launch, visit, type VisitOptions } from "./chromium.ts"
import { type Fake, type Options, start } from "./fakeServer.ts"
import { dashboardPages, type Files } from "./pages.ts"

/** A browser, and the page as it is in the sources. */
export class World extends Context.Service<World, { readonly browser: Browser; readonly files: Files }>()("World") {}

export const world = Layer.effect(World, Effect.all({ browser: launch, files: dashboardPages }))

/** Does something with the page, as the browser's tools do. */
export const does = <A>(run: () => Promise<A>): Effect.Effect<A> => Effect.promise(run)

/** A fake server until the scope ends. */
export const serveFake = Effect.fnUntraced(function*(options: Omit<Options, "files"> = {}) {
  const { files } = yield* World
  return yield* Effect.acquireRelease(
    does(() => start({ files, ...options })),
    (server) => does(() => server.close().catch(() => undefined))
  )
})

/** Opens a page of a server. */
export const openPage = Effect.fnUntraced(
  function*(url: string, hash = "", options: Omit<VisitOptions, "origins"> = {}) {
    const { browser } = yield* World
    const visited = yield* visit(browser, {
      origins: [new URL(url).origin],
      viewport: { width: 1360, height: 800 },
      reducedMotion: "reduce",
      ...options
    })
    visited.page.setDefaultTimeout(10_000)
    yield* does(() => visited.page.goto(new URL(hash, url).href))
    return visited
  }
)

/** Opens a fake server and its page. */
export const openFake = Effect.fnUntraced(
  function*(server: Omit<Options, "files">, hash = "", options: Omit<VisitOptions, "origins"> = {}) {
    const fake: Fake = yield* serveFake(server)
    return { fake, ...(yield* openPage(fake.url, hash, options)) }
  }
)

/** Waits until something is there to be seen. */
export const sees = (page: Page, selector: string) => does(() => page.locator(selector).first().waitFor())

/** Waits until an element has a text. */
export const reads = (page: Page, selector: string, text: string) =>
  does(() => page.locator(selector).filter({ hasText: text }).first().waitFor())

/** What holds at the end of every visit. */
export const isClean = Effect.fnUntraced(function*(
  { errors, outside, page }: {
    readonly errors: ReadonlyArray<string>
    readonly outside: ReadonlyArray<string>
    readonly page: Page
  }
) {
  assert.deepStrictEqual(errors, [])
  assert.deepStrictEqual(outside, [])
  const html = yield* does(() => page.content())
  assert.notMatch(html, /X-Signature|Signature=|\bsk-[a-z0-9]|SECRET/i)
})

/** The rules of accessibility that a page breaks. */
export const violations = (page: Page): Effect.Effect<ReadonlyArray<string>> =>
  does(() =>
    page.evaluate<ReadonlyArray<string>>(
      `${axe.source}; axe.run().then(({ violations }) =>
        violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => id + ": " + html + " " + failureSummary)))`
    )
  )
