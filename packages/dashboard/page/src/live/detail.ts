import { effect, signal } from "@preact/signals"
import type { Detail, Row } from "../../../src/Contract.ts"
import { getDetail } from "./api.ts"
import { line } from "./connection.ts"
import { taskId } from "./route.ts"
import { book, version } from "./tasks.ts"

/** The task that is looked at, as far as it is known. */
export type Look =
  | { readonly kind: "loading"; readonly id: string }
  | { readonly kind: "ready"; readonly id: string; readonly detail: Detail }
  | { readonly kind: "missing"; readonly id: string; readonly message: string }

export const look = signal<Look | undefined>(undefined)

const pace = 700
let seen: Row | undefined
let isAsking = false
let askedAt = 0
let timer: ReturnType<typeof setTimeout> | undefined

const ask = async (id: string): Promise<void> => {
  seen = book.get(id)
  isAsking = true
  askedAt = performance.now()
  const answer = await getDetail(id)
  isAsking = false
  if (taskId.peek() !== id) return
  if (answer.ok) look.value = { kind: "ready", id, detail: answer.value }
  // What was seen stays while the server is away.
  else if (answer.status !== 0 || look.peek()?.kind !== "ready") {
    look.value = { kind: "missing", id, message: answer.message }
  }
  follow(id)
}

/** Asks again when the row has changed since, not more often than the eye can follow. */
const follow = (id: string): void => {
  if (isAsking || book.get(id) === seen) return
  clearTimeout(timer)
  timer = setTimeout(() => {
    if (taskId.peek() === id && !isAsking && book.get(id) !== seen) void ask(id)
  }, Math.max(0, askedAt + pace - performance.now()))
}

/** Keeps `look` at what the address says. */
export const startDetail = (): void => {
  effect(() => {
    const id = taskId.value
    const isLive = line.value.kind === "live"
    clearTimeout(timer)
    seen = undefined
    if (id === undefined) look.value = undefined
    else if (isLive) {
      if (look.peek()?.id !== id) look.value = { kind: "loading", id }
      void ask(id)
    } else if (look.peek()?.id !== id) look.value = { kind: "loading", id }
  })
  effect(() => {
    void version.value
    const id = taskId.peek()
    if (id !== undefined) follow(id)
  })
}
