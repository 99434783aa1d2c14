/**
 * Which store the words of people mean. Loaded with the options: it opens nothing.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as os from "node:os"

/** Where tasks are kept. */
export type Choice =
  | { readonly _tag: "memory" }
  | { readonly _tag: "file"; readonly path: string }
  /** A password may stand in it. */
  | { readonly _tag: "postgres"; readonly url: Redacted.Redacted }

/** What is allowed, in words. */
export const allowed = "a path, memory, or postgres://…"

/** Reads a choice; `undefined` when it is an address of something that is no store. */
export const parse = (text: string): Choice | undefined => {
  const said = text.trim()
  if (said === "memory") return { _tag: "memory" }
  if (/^postgres(?:ql)?:\/\//i.test(said)) {
    return URL.canParse(said)
      ? { _tag: "postgres", url: Redacted.make(said, { label: "store" }) }
      : undefined
  }
  // One letter is a drive of Windows.
  if (said === "" || /^[a-z][a-z0-9+.-]+:/i.test(said)) return undefined
  // Quoted, or in a file, no shell has made a folder of it.
  return { _tag: "file", path: said.replace(/^~(?=[/\\]|$)/, os.homedir()) }
}

/** What must never be shown of the address of a database: itself, and its password as it is written and as it is meant. */
export const secretsOf = (url: Redacted.Redacted): ReadonlyArray<Redacted.Redacted> => {
  const { password, searchParams } = new URL(Redacted.value(url))
  const meant = Result.getOrElse(Result.try(() => decodeURIComponent(password)), () => password)
  const plain = [password, meant, ...searchParams.getAll("password")].filter((one) => one !== "")
  const passwords = new Set([...plain, ...plain.map((one) => JSON.stringify(one).slice(1, -1))])
  return [url, ...[...passwords].map((one) => Redacted.make(one, { label: "password of the store" }))]
}

/** The value as it may be shown. */
export const shown = (text: string): string => Redact.url(text)
