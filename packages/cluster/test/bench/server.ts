/**
 * The API of a measurement, in a process of its own so that its work is not counted: tasks that run for ever, as CometAPI
 * writes them. A message to it asks for its counts, or changes what tasks do.
 */
import { fork } from "node:child_process"
import { once } from "node:events"
import * as http from "node:http"
import { now } from "../chaos/clock.ts"

/** What is said to the server. */
type Order =
  | { readonly _tag: "counts" }
  /** Whether each read finds something new. */
  | { readonly _tag: "moving"; readonly isMoving: boolean }
  /** When a task of another reader is read by somebody else from now on, that is told. */
  | { readonly _tag: "taken"; readonly from: string }

/** What was seen. */
interface Counts {
  readonly polls: number
  readonly by: Readonly<Record<string, number>>
  /** When each task that was created here was asked for, and read for the first time. */
  readonly created: ReadonlyArray<
    { readonly prompt: string; readonly at: number; readonly firstPollAt: number | undefined }
  >
  /** When the tasks of a reader who is gone were read by somebody else first, and how many have been by now. */
  readonly taken: { readonly firstAt: number | undefined; readonly tasks: number }
}

export interface Server {
  readonly url: string
  readonly ask: (order: Order) => Promise<Counts>
  readonly stop: () => void
}

export const start = async (): Promise<Server> => {
  const child = fork(import.meta.filename, { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  const answer = async <A>(): Promise<A> => {
    const [message] = await once(child, "message")
    return message
  }
  const url = await answer<string>()
  return {
    url,
    ask: (order) => {
      child.send(order)
      return answer<Counts>()
    },
    stop: () => child.kill()
  }
}

// The program

const serve = () => {
  const by: Record<string, number> = {}
  const reader = new Map<string, string>()
  const created = new Map<string, { readonly prompt: string; readonly at: number; firstPollAt: number | undefined }>()
  const reads = new Map<string, number>()
  let polls = 0
  let isMoving = false
  let gone:
    | { readonly from: string; readonly tasks: Set<string>; firstAt: number | undefined; taken: number }
    | undefined
  const counts = (): Counts => ({
    polls,
    by,
    created: [...created.values()],
    taken: { firstAt: gone?.firstAt, tasks: gone?.taken ?? 0 }
  })
  const read = (id: string, name: string) => {
    polls++
    by[name] = (by[name] ?? 0) + 1
    reader.set(id, name)
    const made = created.get(id)
    if (made !== undefined) made.firstPollAt ??= now()
    if (gone !== undefined && name !== gone.from && gone.tasks.delete(id)) {
      gone.firstAt ??= now()
      gone.taken++
    }
    const times = (reads.get(id) ?? 0) + 1
    if (isMoving) reads.set(id, times)
    return isMoving ? 30 + times % 60 : 30
  }
  const bodyOf = (id: string, progress: number) =>
    JSON.stringify({
      id,
      object: "video",
      model: "doubao-seedance-2-0-fast",
      status: "IN_PROGRESS",
      progress,
      created_at: Math.floor(now() / 1000),
      seconds: "5",
      size: "16:9"
    })
  const server = http.createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const send = (body: string) =>
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(
        body
      )
    if (request.method === "GET") {
      const id = request.url?.slice(request.url.lastIndexOf("/") + 1) ?? ""
      return send(bodyOf(id, read(id, request.headers["user-agent"] ?? "")))
    }
    let text = ""
    request.on("data", (chunk: Buffer) => text += chunk.toString())
    request.on("end", () => {
      const id = `created-${created.size}`
      created.set(id, { prompt: /prompt-\d+/.exec(text)?.[0] ?? "", at: now(), firstPollAt: undefined })
      send(bodyOf(id, 0))
    })
  })
  process.on("message", (order: Order) => {
    if (order._tag === "moving") isMoving = order.isMoving
    if (order._tag === "taken") {
      const { from } = order
      gone = {
        from,
        tasks: new Set([...reader].filter(([, name]) => name === from).map(([id]) => id)),
        firstAt: undefined,
        taken: 0
      }
    }
    process.send?.(counts())
  })
  process.once("disconnect", () => process.exit())
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    process.send?.(`http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`)
  })
}

if (import.meta.main) serve()
