import type { Detail, Done, Fixture, Refused } from "../../../src/Contract.ts"
import { line } from "./connection.ts"

/** An answer, or why there is none, in words. */
export type Answer<A> =
  | { readonly ok: true; readonly value: A }
  | { readonly ok: false; readonly status: number; readonly reason?: string | undefined; readonly message: string }

const ask = async <A>(path: string, init?: RequestInit): Promise<Answer<A>> => {
  try {
    const response = await fetch(path, { cache: "no-store", ...init })
    if (response.ok) return { ok: true, value: (response.status === 204 ? undefined : await response.json()) as A }
    if (response.status === 401 && line.value.kind !== "unauthorised") {
      line.value = { kind: "unauthorised" }
    }
    const refused = await response.json().catch(() => undefined) as Refused | undefined
    return {
      ok: false,
      status: response.status,
      reason: refused?.reason,
      message: refused?.message ?? `The server answered ${response.status}.`
    }
  } catch {
    return { ok: false, status: 0, message: "The server does not answer." }
  }
}

const post = <A>(path: string, body: unknown): Promise<Answer<A>> =>
  ask(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) })

const task = (id: string): string => `api/tasks/${encodeURIComponent(id)}`

export const getDetail = (id: string): Promise<Answer<Detail>> => ask(task(id))
export const getFixture = (id: string): Promise<Answer<Fixture>> => ask(`${task(id)}/fixture`)
/** `newTask` is the id that a new task gets: sent twice, it makes one. */
export const act = (id: string, action: "poll" | "cancel" | "retry", newTask?: string): Promise<Answer<Done>> =>
  post(`${task(id)}/${action}`, { id: newTask })
export const logIn = (token: string): Promise<Answer<void>> => post("api/session", { token })
