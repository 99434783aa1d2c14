/**
 * Pages for tests: built in memory, served by this process on a port of its own.
 */
import { Effect, type Scope } from "effect"
import { createServer } from "node:http"
import * as path from "node:path"
import { build, type InlineConfig } from "vite"

/** What is served, by path. */
export type Files = ReadonlyMap<string, string | Uint8Array>

const dashboard = path.resolve(import.meta.dirname, "../..")

const built = (config: InlineConfig): Effect.Effect<Files> =>
  Effect.promise(() =>
    build({ logLevel: "error", ...config, build: { write: false, assetsInlineLimit: 0, ...config.build } })
  ).pipe(
    Effect.map((result) => {
      if (!("output" in result)) throw new Error("the build has no single output")
      return new Map(result.output.map((one) => [`/${one.fileName}`, "code" in one ? one.code : one.source]))
    })
  )

/** The dashboard's own pages. */
export const dashboardPages: Effect.Effect<Files> = built({ configFile: path.join(dashboard, "page/vite.config.ts") })

/** Every page of a folder of `test/fixtures`. */
export const fixturePages = (folder: string, names: ReadonlyArray<string>): Effect.Effect<Files> => {
  const root = path.join(dashboard, "test/fixtures", folder)
  return built({
    configFile: false,
    root,
    base: "./",
    build: { target: "es2023", rolldownOptions: { input: names.map((name) => path.join(root, `${name}.html`)) } }
  })
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml"
}

/** Serves files with the dashboard's content security policy; returns the origin. */
export const serve = (files: Files, policy: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.callback<{ readonly origin: string; readonly close: () => void }>((resume) => {
      const server = createServer((request, response) => {
        const name = new URL(request.url ?? "/", "http://localhost").pathname
        const body = name === "/icon.svg" ? "<svg xmlns=\"http://www.w3.org/2000/svg\"/>" : files.get(name)
        response.writeHead(body === undefined ? 404 : 200, {
          "content-type": types[path.extname(name)] ?? "text/plain",
          "content-security-policy": policy
        })
        response.end(body)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        if (address === null || typeof address === "string") throw new Error("no port")
        resume(Effect.succeed({
          origin: `http://127.0.0.1:${address.port}`,
          close: () => {
            server.close()
            server.closeAllConnections()
          }
        }))
      })
    }),
    ({ close }) => Effect.sync(close)
  ).pipe(Effect.map(({ origin }) => origin))
