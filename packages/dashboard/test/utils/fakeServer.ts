// @effect-diagnostics globalDate:off globalTimers:off
/**
 * A server that speaks the contract and nothing else: for what the page does with ten thousand rows, odd states and lost
 * connections.
 */
import * as fs from "node:fs"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import * as path from "node:path"
import type { Changes, Detail, Row, Status } from "../../src/Contract.ts"
import * as Rows from "./rows.ts"

const folder = path.resolve(import.meta.dirname, "../../dist/page")

/** The page as it was built last, by path. */
export const builtPage = (): ReadonlyMap<string, string | Uint8Array> =>
  new Map(
    fs.readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => fs.statSync(path.join(folder, name)).isFile())
      .map((name) => [`/${name}`, fs.readFileSync(path.join(folder, name))])
  )

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml"
}

export interface Options {
  /** The files of the page, by path. */
  readonly files: ReadonlyMap<string, string | Uint8Array>
  readonly rows?: ReadonlyArray<Row>
  readonly status?: Partial<Status>
  readonly token?: string
  readonly port?: number
  /** The file that every finished task hands over. */
  readonly video?: Uint8Array
  readonly detail?: (detail: Detail) => Detail
}

export interface Fake {
  readonly url: string
  readonly port: number
  /** What was posted, as `poll ID`. */
  readonly posted: ReadonlyArray<string>
  /** The id that each `retry` named for the new task. */
  readonly named: ReadonlyArray<string>
  /** Whether what is posted is answered, or done and then the connection breaks, or refused. */
  readonly answers: (how: "well" | "lost" | "refused") => void
  /** The `Last-Event-ID` of each connection. */
  readonly resumed: ReadonlyArray<string | undefined>
  readonly change: (changes: Partial<Changes>) => void
  readonly row: (id: string) => Row | undefined
  readonly close: () => Promise<void>
}

/** Starts it. */
export const start = (options: Options): Promise<Fake> => {
  const rows = new Map((options.rows ?? []).map((row) => [row.id, row]))
  const status: Status = { ...Rows.status, ...options.status }
  const viewers = new Set<http.ServerResponse>()
  const posted: Array<string> = []
  const named: Array<string> = []
  const resumed: Array<string | undefined> = []
  let answered = "well"
  const epoch = Math.random().toString(36).slice(2)
  let seq = 0

  const send = (viewer: http.ServerResponse, name: string, data: unknown): void => {
    viewer.write(`id: ${epoch}.${seq}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
  }

  const change = (changes: Partial<Changes>): void => {
    seq++
    for (const row of changes.rows ?? []) rows.set(row.id, row)
    for (const id of changes.removed ?? []) rows.delete(id)
    for (const viewer of viewers) send(viewer, "changes", { now: Date.now(), rows: [], removed: [], ...changes })
  }

  const events = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" })
    const last = request.headers["last-event-id"]
    resumed.push(typeof last === "string" ? last : undefined)
    response.write(":\n\n")
    if (typeof last !== "string" || !last.startsWith(`${epoch}.`)) {
      const all = [...rows.values()]
      send(response, "reset", { now: Date.now(), status, providers: Rows.linesOf(all), rows: all })
    }
    viewers.add(response)
    response.on("close", () => viewers.delete(response))
  }

  const json = (response: http.ServerResponse, code: number, body: unknown, headers: http.OutgoingHttpHeaders = {}) => {
    response.writeHead(code, { "content-type": "application/json", ...headers })
    response.end(body === undefined ? undefined : JSON.stringify(body))
  }

  const read = (request: http.IncomingMessage, take: (body: { token?: string; id?: string }) => void): void => {
    let body = ""
    request.on("data", (chunk) => body += String(chunk))
    request.on("end", () => take(JSON.parse(body)))
  }

  const session = (request: http.IncomingMessage, response: http.ServerResponse): void =>
    read(request, ({ token }) => {
      const cookie = `s=${encodeURIComponent(options.token ?? "")}; HttpOnly; SameSite=Strict; Path=/`
      if (token === options.token) json(response, 204, undefined, { "set-cookie": cookie })
      else json(response, 401, { reason: "Unauthorized", message: "That is not the token of this server." })
    })

  const create = (row: Row, id: string): void => {
    named.push(id)
    if (rows.has(id)) return
    const at = Date.now()
    change({ rows: [{ ...row, id, state: "SUBMITTED", createdAt: at, updatedAt: at, lastAt: at, last: "created" }] })
  }

  const post = (id: string, action: string, newTask: string | undefined, response: http.ServerResponse): void => {
    posted.push(`${action} ${id}`)
    const row = rows.get(id)!
    if (status.isReadOnly) return json(response, 403, { reason: "ReadOnly", message: "This page may only look." })
    if (action === "cancel") {
      change({
        rows: [{
          ...row,
          state: "CANCELLED",
          completedAt: Date.now(),
          last: "cancelled on request",
          lastAt: Date.now()
        }]
      })
    }
    if (newTask !== undefined) create(row, newTask)
    if (answered === "lost") return void response.socket?.destroy()
    if (answered === "refused") return json(response, 409, { reason: "RetryRefused", message: "Begin anew." })
    json(response, 200, {
      message: action === "retry"
        ? "A new task was created."
        : action === "cancel"
        ? "Cancelled."
        : "Read: nothing new.",
      ...(action === "retry" ? { id: newTask } : {})
    })
  }

  const video = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    if (options.video === undefined) return json(response, 404, { reason: "NoFile", message: "No file." })
    const bytes = options.video
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "")
    const from = Number(range?.[1] ?? 0)
    const to = range?.[2] === undefined || range[2] === "" ? bytes.length - 1 : Number(range[2])
    response.writeHead(range === null ? 200 : 206, {
      "content-type": "video/mp4",
      "accept-ranges": "bytes",
      "content-length": to - from + 1,
      ...(range === null ? {} : { "content-range": `bytes ${from}-${to}/${bytes.length}` })
    })
    response.end(bytes.subarray(from, to + 1))
  }

  const file = (pathname: string, response: http.ServerResponse): void => {
    const name = pathname === "/" ? "/index.html" : pathname
    const body = options.files.get(name)
    if (body === undefined) return json(response, 404, { reason: "None", message: "No such page." })
    response.writeHead(200, {
      "content-type": types[path.extname(name)] ?? "application/octet-stream",
      "content-security-policy":
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    })
    response.end(body)
  }

  const api = (request: http.IncomingMessage, response: http.ServerResponse, pathname: string): void => {
    const isIn = options.token === undefined ||
      request.headers.cookie?.includes(`s=${encodeURIComponent(options.token)}`) === true
    if (pathname === "/api/session") return session(request, response)
    if (!isIn) return json(response, 401, { reason: "Unauthorized", message: "The token is missing." })
    if (pathname === "/api/events") return events(request, response)
    const [, , , encoded = "", verb] = pathname.split("/")
    const row = rows.get(decodeURIComponent(encoded))
    if (row === undefined) return json(response, 404, { reason: "Unknown", message: "The store knows no such task." })
    if (request.method === "POST") return read(request, (body) => post(row.id, verb ?? "", body.id, response))
    if (verb === "videos") return video(request, response)
    if (verb === "fixture") return json(response, 200, { name: `a task of ${row.provider}`, events: [] })
    const detail = Rows.detailOf(row, Date.now())
    const reason = "This page is read-only."
    const allowed = status.isReadOnly ? { ...detail, can: { poll: reason, cancel: reason, retry: reason } } : detail
    json(response, 200, (options.detail ?? ((detail) => detail))(allowed))
  }

  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost")
    if (pathname.startsWith("/api/")) api(request, response, pathname)
    else file(pathname, response)
  })

  return new Promise((resolve) =>
    server.listen(options.port ?? 0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resolve({
        url: `http://127.0.0.1:${port}`,
        port,
        posted,
        named,
        answers: (how) => {
          answered = how
        },
        resumed,
        change,
        row: (id) => rows.get(id),
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          })
      })
    })
  )
}
