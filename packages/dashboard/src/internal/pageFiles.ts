/**
 * The files of the page: a handful, kept in memory.
 *
 * They are read from where they were built to. A program that runs from its sources builds them itself, once.
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"

/** A file of the page. */
interface PageFile {
  readonly body: Uint8Array
  readonly type: string
  /** Its name has a fingerprint of what is in it, so it never changes. */
  readonly isForever: boolean
}

/** The files, by their path on the server. */
export type PageFiles = ReadonlyMap<string, PageFile>

/** Finds or makes the files; `undefined` where there are none. */
export const load: Effect.Effect<PageFiles | undefined> = Effect.suspend(() => {
  const isSource = import.meta.url.endsWith(".ts")
  const here = Path.dirname(fileURLToPath(import.meta.url))
  // Beside the bundled command, or in the package.
  const folder = ["page", "../page", ...(isSource ? ["../../dist/page"] : [])]
    .map((name) => Path.join(here, name))
    .find((one) => Fs.existsSync(Path.join(one, "index.html")))
  const found = Effect.sync(() => folder === undefined ? undefined : read(folder))
  return isSource
    ? Effect.catchCause(built, (cause) => Effect.andThen(Effect.logWarning("the page can't be built", cause), found))
    : found
})

// internal

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json; charset=utf-8",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2"
}

const read = (folder: string): PageFiles =>
  toFiles(
    Fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => Fs.statSync(Path.join(folder, name)).isFile())
      .map((name) => [name.replaceAll("\\", "/"), Fs.readFileSync(Path.join(folder, name))])
  )

const toFiles = (all: ReadonlyArray<readonly [name: string, body: Uint8Array]>): PageFiles => {
  const files = new Map<string, PageFile>()
  for (const [name, body] of all) {
    const type = types[Path.extname(name)]
    if (type === undefined) continue
    files.set(`/${name}`, { body, type, isForever: name.startsWith("assets/") })
    if (name.endsWith("index.html")) {
      files.set(`/${name.slice(0, -"index.html".length)}`, { body, type, isForever: false })
    }
  }
  return files
}

/** What the bundler of the page says of a build. */
interface Build {
  readonly output: ReadonlyArray<
    { readonly fileName: string } & ({ readonly code: string } | { readonly source: string | Uint8Array })
  >
}

interface Bundler {
  readonly build: (options: object) => Promise<Build>
}

/** Once a process. */
let building: Promise<Build> | undefined

const built: Effect.Effect<PageFiles | undefined> = Effect.promise(() => building ??= build()).pipe(
  Effect.map(({ output }) =>
    toFiles(output.map((one) => {
      const content = "code" in one ? one.code : one.source
      return [one.fileName, typeof content === "string" ? new TextEncoder().encode(content) : content]
    }))
  )
)

const build = (): Promise<Build> => {
  // Not a literal: what bundles the command must not take the bundler along.
  const bundler = ["vi", "te"].join("")
  const configFile = fileURLToPath(new URL("../../page/vite.config.ts", import.meta.url))
  return import(bundler).then((vite: Bundler) => vite.build({ configFile, logLevel: "warn", build: { write: false } }))
}
