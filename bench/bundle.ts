/**
 * What a page loads to create a task at one provider and to wait for it, made by two bundlers: minified and gzipped.
 */
import * as esbuild from "esbuild"
import * as fs from "node:fs"
import * as path from "node:path"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"

export const name = "bundle of a page"

const root = path.resolve(import.meta.dirname, "..")

const page = path.join(root, "tools/size/browser.ts")

/** Effect with Schema and its HTTP client, and XState: what such a page needs before any line of ours. */
const floor = `
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Schema from "effect/Schema"
import { createActor, setup } from "xstate"
const Task = Schema.Struct({ id: Schema.String, status: Schema.String })
export const machine = setup({}).createMachine({ initial: "a", states: { a: {} } })
export const actor = createActor(machine)
export const read = (url: string) =>
  HttpClient.get(url).pipe(
    Effect.flatMap(HttpClientResponse.schemaBodyJson(Task)),
    Effect.provide(FetchHttpClient.layer),
    Effect.runPromise
  )
`

const kilobytes = (code: string | Uint8Array): number => Math.round(gzipSync(code, { level: 9 }).length / 100) / 10

const byEsbuild = async (entry: string): Promise<number> => {
  const options = { bundle: true, minify: true, format: "esm", platform: "browser", write: false } as const
  const { outputFiles } = await esbuild.build({ ...options, entryPoints: [entry] })
  return kilobytes(outputFiles[0]?.contents ?? "")
}

const byRolldown = async (entry: string): Promise<number> => {
  const build = await rolldown({ input: entry, platform: "browser", logLevel: "silent" })
  const { output } = await build.generate({ format: "esm", minify: true })
  await build.close()
  return kilobytes(output[0].code)
}

export const run = async () => {
  // Inside core, where both effect and xstate are found.
  const bare = path.join(root, "packages/core", `bench-floor-${process.pid}.ts`)
  fs.writeFileSync(bare, floor)
  try {
    const rows = []
    for (const [bundler, measure] of [["esbuild", byEsbuild], ["rolldown", byRolldown]] as const) {
      const [value, baseline] = [await measure(page), await measure(bare)]
      const ratio = Math.round(100 * value / baseline) / 100
      rows.push({ metric: `create and wait, ${bundler}, min + gz (kB)`, value, baseline, ratio, budget: "≤ 75" })
    }
    return rows
  } finally {
    fs.rmSync(bare)
  }
}
