/**
 * A real Chromium for tests: what a page writes to its console, throws, or asks of the world outside is recorded.
 */
import { describe } from "@effect/vitest"
import { Effect, type Scope } from "effect"
import * as fs from "node:fs"
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core"

const named = process.env["CHROMIUM"]

const usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]

/** Where Chromium is: what `CHROMIUM` names, else the first usual place that has one. */
export const executable: string | undefined = (named === undefined ? usual : [named]).find((file) =>
  fs.existsSync(file)
)

/** Like `describe`; where there is no Chromium its tests are reported as skipped, and the reason is printed. */
export const describeInChromium = (name: string, body: () => void): void => {
  if (executable === undefined) {
    console.warn(`SKIPPED: ${name} needs Chromium. Install it, or name it with the variable CHROMIUM.`)
  }
  describe.skipIf(executable === undefined)(executable === undefined ? `${name} (skipped: no Chromium)` : name, body)
}

/** Starts Chromium; it ends with the scope. */
export const launch: Effect.Effect<Browser, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(() =>
    chromium.launch({
      ...(executable === undefined ? {} : { executablePath: executable }),
      // A container has no user namespace for the sandbox, and little shared memory.
      args: ["--no-sandbox", "--disable-dev-shm-usage"]
    })
  ),
  (browser) => Effect.promise(() => browser.close())
)

/** What went wrong in the pages of a visit, or left the machine. */
interface Complaints {
  /** Console errors and warnings, uncaught exceptions, and what the content security policy refused. */
  readonly errors: Array<string>
  /** Requests to another origin than the allowed ones. */
  readonly outside: Array<string>
  /** Every request, in order. */
  readonly requests: Array<string>
}

/** A window with an empty profile, and what its pages complained about. Popups are watched, too. */
export interface Visit extends Complaints {
  readonly context: BrowserContext
  readonly page: Page
}

/** How to visit. */
export interface VisitOptions extends BrowserContextOptions {
  /** The origins that are no outside world, such as `http://127.0.0.1:4000`. A request to any other is refused. */
  readonly origins: ReadonlyArray<string>
}

/** Opens a window; it closes with the scope. */
export const visit = (
  browser: Browser,
  { origins, ...options }: VisitOptions
): Effect.Effect<Visit, never, Scope.Scope> =>
  Effect.gen(function*() {
    const context = yield* Effect.acquireRelease(
      Effect.promise(() => browser.newContext(options)),
      (context) => Effect.promise(() => context.close())
    )
    const complaints: Complaints = { errors: [], outside: [], requests: [] }
    context.on("page", (page) => watch(page, complaints))
    context.on("request", (request) => complaints.requests.push(request.url()))
    yield* Effect.promise(() =>
      context.route("**/*", (route) => {
        const url = route.request().url()
        if (isInside(url, origins)) return route.continue()
        complaints.outside.push(url)
        return route.abort()
      })
    )
    const page = yield* Effect.promise(() => context.newPage())
    return { context, page, ...complaints }
  })

// internal

const isInside = (url: string, origins: ReadonlyArray<string>): boolean => {
  const { origin, protocol } = new URL(url)
  return protocol === "data:" || protocol === "blob:" || protocol === "about:" || origins.includes(origin)
}

const watch = (page: Page, { errors }: Complaints): void => {
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(`${page.url()}: ${message.text()}`)
  })
  page.on("pageerror", (error) => errors.push(`${page.url()}: ${error.message}`))
  page.on("crash", () => errors.push(`${page.url()}: crashed`))
}
