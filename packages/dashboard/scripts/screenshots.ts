// @effect-diagnostics globalDate:off globalTimers:off
/**
 * Takes the pictures of `docs/images` of the page as it was built: `node scripts/screenshots.ts [folder]`.
 */
import { Samples } from "@video-tasks/simulator"
import * as fs from "node:fs"
import * as path from "node:path"
import { type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { executable } from "../test/utils/chromium.ts"
import { builtPage, type Fake, type Options, start } from "../test/utils/fakeServer.ts"
import { rowOf } from "../test/utils/rows.ts"

const folder = process.argv[2] ?? path.resolve(import.meta.dirname, "../../../docs/images")
const video = Samples.mp4("16:9")
const wide = { width: 1360, height: 800 }
const narrow = { width: 390, height: 780 }

interface Shot {
  readonly name: string
  readonly options?: BrowserContextOptions
  readonly server?: Partial<Options>
  readonly go?: (page: Page, server: Fake) => Promise<unknown>
  readonly hash?: (now: number) => string
}

const task = (n: number) => (now: number) => `#/task/${rowOf(n, now).id}`
const firstOf = (state: string, from = 0): number => {
  let n = from
  while (rowOf(n, 0).state !== state) n++
  return n
}

const shots: ReadonlyArray<Shot> = [
  { name: "dashboard-list" },
  { name: "dashboard-dark", options: { colorScheme: "dark" } },
  { name: "dashboard-task", hash: task(firstOf("IN_PROGRESS", 10)) },
  { name: "dashboard-succeeded", hash: task(firstOf("SUCCESS")) },
  { name: "dashboard-failed", hash: task(firstOf("FAILED")), options: { colorScheme: "dark" } },
  { name: "dashboard-ambiguous", hash: task(9) },
  { name: "dashboard-empty", server: { rows: [] } },
  { name: "dashboard-narrow", options: { viewport: narrow } },
  { name: "dashboard-narrow-task", options: { viewport: narrow }, hash: task(firstOf("SUCCESS")) },
  {
    name: "dashboard-disconnected",
    go: async (page, server) => {
      await server.close()
      await page.locator(".banner.warn").waitFor()
    }
  },
  { name: "dashboard-token", server: { token: "t" } }
]

fs.mkdirSync(folder, { recursive: true })
const browser = await chromium.launch({
  ...(executable === undefined ? {} : { executablePath: executable }),
  args: ["--no-sandbox", "--disable-dev-shm-usage"]
})

for (const { go, hash, name, options, server: serverOptions } of shots) {
  const now = Date.now()
  const rows = Array.from({ length: 10_000 }, (_, n) => rowOf(n, now))
  const server = await start({ files: builtPage(), rows, video, ...serverOptions })
  const context = await browser.newContext({ viewport: wide, ...options })
  const page = await context.newPage()
  page.on("console", (message) => console.log(name, message.type(), message.text()))
  page.on("pageerror", (error) => console.log(name, error.message))
  await page.goto(`${server.url}/${hash?.(now) ?? ""}`)
  await page.locator(".body .row, .title, .card").first().waitFor()
  const beat = setInterval(
    () => server.change(serverOptions?.rows === undefined ? { rows: rows.slice(0, 1), steps: 54 } : {}),
    250
  )
  await page.waitForTimeout(1500)
  clearInterval(beat)
  await go?.(page, server)
  await page.screenshot({ path: path.join(folder, `${name}.png`) })
  await context.close()
  await server.close().catch(() => undefined)
}
await browser.close()
