import { signal } from "@preact/signals"
import type { Changes, Refused, Reset } from "../../../src/Contract.ts"
import { type ServerEvent, ServerEvents } from "../model/sse.ts"
import { serverNow } from "./clock.ts"
import { change, quiet, reset } from "./tasks.ts"

/** How the page stands with its server. */
export type Line =
  | { readonly kind: "loading" }
  | { readonly kind: "live" }
  /** `retryAt` is absent while it is being tried. */
  | { readonly kind: "lost"; readonly retryAt: number | undefined; readonly why: string }
  /** Closed by the page itself, since nobody looks at it. */
  | { readonly kind: "paused" }
  | { readonly kind: "unauthorised" }

export const line = signal<Line>({ kind: "loading" })

/** The same in a word. */
export const lineWords = {
  loading: "connecting",
  live: "live",
  lost: "reconnecting",
  paused: "paused",
  unauthorised: "closed"
}

const longestBackOff = 15_000
const hiddenFor = 5000
/** The server says something at least four times as often, if only a comment. */
const silence = 60_000

let lastId: string | undefined
let failures = 0
let open: AbortController | undefined
let retry: ReturnType<typeof setTimeout> | undefined

const take = (event: ServerEvent): void => {
  if (event.id !== undefined) lastId = event.id
  if (event.name === "reset") reset(JSON.parse(event.data) as Reset)
  if (event.name === "changes") change(JSON.parse(event.data) as Changes)
  if (event.name !== "comment") live()
}

const live = (): void => {
  failures = 0
  if (line.value.kind !== "live") line.value = { kind: "live" }
}

const read = async (body: ReadableStream<Uint8Array>, abort: AbortController): Promise<void> => {
  const events = new ServerEvents()
  const decoder = new TextDecoder()
  const reader = body.getReader()
  let isWatched = false
  let watch: ReturnType<typeof setTimeout> | undefined
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      for (const event of events.push(decoder.decode(value, { stream: true }))) {
        isWatched ||= event.name === "comment"
        take(event)
      }
      clearTimeout(watch)
      if (isWatched) watch = setTimeout(() => abort.abort(), silence)
    }
  } finally {
    clearTimeout(watch)
  }
}

const refusal = async (response: Response): Promise<string> => {
  const { message } = await response.json().catch(() => ({})) as Partial<Refused>
  return message?.replace(/\.$/, "") ?? `the server answered ${response.status}`
}

const listen = async (abort: AbortController): Promise<string> => {
  // A fetch and no `EventSource`: it tells a refusal from a lost server, and resumes after a pause of its own.
  const response = await fetch("api/events", {
    headers: { accept: "text/event-stream", ...(lastId === undefined ? {} : { "last-event-id": lastId }) },
    cache: "no-store",
    signal: abort.signal
  })
  if (response.status === 401) {
    line.value = { kind: "unauthorised" }
    return "the server wants a token"
  }
  if (!response.ok || response.body === null) return await refusal(response)
  // Who resumes is told what changed, and nothing while nothing does.
  if (lastId !== undefined) live()
  await read(response.body, abort)
  return "the server ended the connection"
}

/** Connects, or tries again at once. */
export const connect = async (): Promise<void> => {
  clearTimeout(retry)
  open?.abort()
  const abort = open = new AbortController()
  if (line.value.kind === "lost") line.value = { ...line.value, retryAt: undefined }
  const why = await listen(abort).catch(() => "the server does not answer")
  if (open !== abort || line.value.kind === "unauthorised") return
  const wait = Math.min(longestBackOff, 1000 * 2 ** failures++) * (0.75 + Math.random() / 2)
  line.value = { kind: "lost", retryAt: serverNow() + wait, why }
  retry = setTimeout(connect, wait)
}

const pause = (): void => {
  if (line.value.kind === "unauthorised") return
  line.value = { kind: "paused" }
  clearTimeout(retry)
  open?.abort()
  open = undefined
}

/** Connects, and closes the line while nobody looks at the page: a browser opens six to a server, for all its tabs. */
export const startConnection = (): void => {
  let hidden: ReturnType<typeof setTimeout> | undefined
  const seen = (): void => {
    clearTimeout(hidden)
    if (document.hidden) hidden = setTimeout(pause, hiddenFor)
    else if (line.value.kind === "paused" || line.value.kind === "lost") void connect()
  }
  document.addEventListener("visibilitychange", seen)
  seen()
  window.addEventListener("online", () => {
    if (line.value.kind === "lost") void connect()
  })
  setInterval(() => {
    if (line.value.kind === "live") quiet()
  }, 1000)
  void connect()
}
