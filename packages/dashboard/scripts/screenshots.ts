// @effect-diagnostics globalDate:off globalTimers:off
/**
 * Takes the pictures of `docs/images` of the page as it was built: `node scripts/screenshots.ts`. With a folder it takes
 * those of all other states, too, for looking at them.
 */
import { Samples } from "@video-tasks/simulator"
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { executable } from "../test/utils/chromium.ts"
import { builtPage, type Fake, type Options, start } from "../test/utils/fakeServer.ts"
import { rowOf } from "../test/utils/rows.ts"

const isAll = process.argv[2] !== undefined
const folder = process.argv[2] ?? path.resolve(import.meta.dirname, "../../../docs/images")
const video = Samples.mp4("16:9")
const wide = { width: 1280, height: 720 }
const narrow = { width: 390, height: 780 }

interface Shot {
  readonly name: string
  /** Whether it is only for looking at. */
  readonly isExtra?: boolean
  readonly options?: BrowserContextOptions
  readonly server?: Partial<Options>
  /** What is done before; when it opens a window, the picture is of that. */
  readonly go?: (page: Page, server: Fake) => Promise<Page | void>
  readonly hash?: (now: number) => string
}

const task = (n: number) => (now: number) => `#/task/${rowOf(n, now).id}`
const firstOf = (state: string, from = 0): number => {
  let n = from
  while (rowOf(n, 0).state !== state) n++
  return n
}

const pressed = async (page: Page) => {
  await page.getByRole("button", { name: /^in progress/ }).click()
  await page.keyboard.press("ArrowDown")
}

const shots: ReadonlyArray<Shot> = [
  { name: "dashboard-list" },
  { name: "dashboard-dark", options: { colorScheme: "dark" } },
  { name: "dashboard-task", hash: task(firstOf("IN_PROGRESS", 10)) },
  { name: "dashboard-succeeded", hash: task(firstOf("SUCCESS")) },
  { name: "dashboard-failed", isExtra: true, hash: task(firstOf("FAILED")), options: { colorScheme: "dark" } },
  { name: "dashboard-ambiguous", isExtra: true, hash: task(9) },
  { name: "dashboard-empty", server: { rows: [] } },
  { name: "dashboard-narrow", options: { viewport: narrow } },
  { name: "dashboard-narrow-task", isExtra: true, options: { viewport: narrow }, hash: task(firstOf("SUCCESS")) },
  {
    name: "dashboard-disconnected",
    isExtra: true,
    go: async (page, server) => {
      await server.close()
      await page.locator(".banner.warn").waitFor()
    }
  },
  { name: "dashboard-token", isExtra: true, server: { token: "t" } },
  { name: "dashboard-360", isExtra: true, options: { viewport: { width: 360, height: 720 } } },
  { name: "dashboard-320", isExtra: true, options: { viewport: { width: 320, height: 256 } } },
  { name: "dashboard-short", isExtra: true, options: { viewport: { width: 1280, height: 360 } } },
  { name: "dashboard-forced", isExtra: true, options: { forcedColors: "active" }, go: pressed },
  {
    name: "dashboard-forced-dark",
    isExtra: true,
    options: { forcedColors: "active", colorScheme: "dark" },
    go: pressed
  },
  {
    name: "dashboard-question",
    isExtra: true,
    hash: task(firstOf("FAILED")),
    go: (page) => page.getByRole("button", { name: "Retry as new…" }).click()
  },
  {
    name: "dashboard-inspector",
    isExtra: true,
    hash: task(firstOf("SUCCESS")),
    go: async (page) => {
      const [popup] = await Promise.all([
        page.waitForEvent("popup"),
        page.getByRole("button", { name: "Inspector", exact: true }).click()
      ])
      await popup.setViewportSize({ width: 1200, height: 800 })
      await popup.locator("[data-state=SUCCESS].live").first().waitFor()
      return popup
    }
  }
]

/** A hundred and twenty-eight colours do for a page, and make a third of the bytes; without ffmpeg the picture stays as it is. */
const shrink = (file: string): void => {
  const palette = "split[a][b];[a]palettegen=max_colors=128:stats_mode=full[p];[b][p]paletteuse=dither=none"
  const small = `${file}.small.png`
  const { status } = spawnSync("ffmpeg", ["-y", "-v", "error", "-i", file, "-vf", palette, small])
  if (status === 0) fs.renameSync(small, file)
}

fs.mkdirSync(folder, { recursive: true })
const browser = await chromium.launch({
  ...(executable === undefined ? {} : { executablePath: executable }),
  args: ["--no-sandbox", "--disable-dev-shm-usage"]
})

for (const { go, hash, isExtra, name, options, server: serverOptions } of shots) {
  if (isExtra === true && !isAll) continue
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
  const shown = await go?.(page, server) ?? page
  const file = path.join(folder, `${name}.png`)
  await shown.screenshot({ path: file })
  shrink(file)
  await context.close()
  await server.close().catch(() => undefined)
}
await browser.close()
