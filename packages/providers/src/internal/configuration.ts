/**
 * Checks what a provider is configured with, all at once, when its layer is built.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Transport from "@video-tasks/core/Transport"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { ApiOptions } from "../ApiOptions.ts"
import type { Account, TransportProblem } from "./http.ts"
import * as ImageInput from "./imageInput.ts"

/** What the options come to. */
export interface Configuration extends Account {
  readonly id: string
  readonly account: string
  readonly maxImageBytes: number
}

/** What makes tokens in the place of a key. */
export interface Signer {
  /** What is wrong with what it signs with. */
  readonly violations: ReadonlyArray<VideoTaskError.Violation>
  readonly secrets: ReadonlyArray<Redacted.Redacted>
  /** A token that is still good. */
  readonly token: Effect.Effect<Redacted.Redacted, TransportProblem>
}

/** What every provider can be told, with a key or with what takes its place. */
export interface Options extends Omit<ApiOptions, "apiKey"> {
  readonly apiKey?: Redacted.Redacted | undefined
  readonly signer?: Signer | undefined
}

/** What a provider fills in. */
export interface Defaults {
  readonly id: string
  readonly baseUrl?: string | undefined
  /** The paths that are in use, by the name of their option. */
  readonly paths: Readonly<Record<string, string | undefined>>
}

/** Fails with `InvalidRequest` that names each field, its value and what is allowed. */
export const check = (
  options: Options,
  defaults: Defaults
): Effect.Effect<Configuration, VideoTaskError.VideoTaskError> => {
  const id = options.id ?? defaults.id
  const account = options.account ?? "default"
  const written = options.baseUrl ?? defaults.baseUrl ?? ""
  const baseUrl = TaskHandle.normalizeBaseUrl(written.trim())
  const maxImageBytes = options.maxImageBytes ?? ImageInput.defaultMaxBytes
  const proof = options.signer === undefined ? keyProof(options.apiKey) : signerProof(options.signer)
  const found: Array<VideoTaskError.Violation> = []
  const complain = (field: string, value: string, allowed: string) =>
    found.push(new VideoTaskError.Violation({ field, value, allowed }))
  if (id.trim() === "") complain("id", "empty", "a name, such as the default")
  if (account.trim() === "") complain("account", "empty", "a label, such as the default")
  found.push(...proof.violations)
  if (!(maxImageBytes > 0)) complain("maxImageBytes", String(maxImageBytes), "a number of bytes above 0")
  if (baseUrl === undefined) {
    complain("baseUrl", shown(written), "an http(s) origin with an optional path, such as https://api.example.com/v1")
  }
  for (const [name, path] of Object.entries(defaults.paths)) {
    if (path === undefined) continue
    const wantsId = name === "query" || name === "content"
    if (/^\/(?!\/)/.test(path) && path.includes("{id}") === wantsId) continue
    complain(`paths.${name}`, path, `a path that starts with /${wantsId ? " and holds {id}" : ""}`)
  }
  if (found.length > 0 || baseUrl === undefined) {
    const reason = new VideoTaskError.InvalidRequest({ violations: found })
    return Effect.fail(VideoTaskError.make({ provider: id.trim() || defaults.id, operation: "configure", reason }))
  }
  return Effect.succeed({
    id,
    account,
    baseUrl,
    maxImageBytes,
    ...proof.account,
    userAgent: options.userAgent ?? Transport.userAgent,
    propagateTrace: options.propagateTrace ?? false
  })
}

/** What the account proves itself with. */
interface Proof {
  readonly violations: ReadonlyArray<VideoTaskError.Violation>
  readonly account: Pick<Account, "bearer" | "key" | "secrets">
}

const signerProof = ({ secrets, token, violations }: Signer): Proof => ({
  violations,
  account: { bearer: token, secrets }
})

const keyProof = (apiKey: Redacted.Redacted | undefined): Proof => {
  const { secret: key, violations } = secretOf("apiKey", apiKey)
  return { violations, account: { bearer: Effect.succeed(key), key, secrets: [key] } }
}

/** A secret as it is sent, and what is wrong with it. A line break at the end is what it has when it comes from a file. */
export const secretOf = (
  field: string,
  written: Redacted.Redacted | undefined
): { readonly secret: Redacted.Redacted; readonly violations: ReadonlyArray<VideoTaskError.Violation> } => {
  const text = written === undefined ? "" : Redacted.value(written).trim()
  const value = text === "" ? "empty" : "<redacted>"
  return {
    secret: Redacted.make(text),
    violations: /^[\x21-\x7e]+$/.test(text)
      ? []
      : [new VideoTaskError.Violation({ field, value, allowed: "visible ASCII characters" })]
  }
}

// A base URL that is refused may be refused because of the password in it.
const shown = (baseUrl: string): string => {
  if (baseUrl.trim() === "") return "empty"
  const bare = baseUrl.replace(/[?#].*$/s, "")
  return bare.replace(/\/\/[^/]*@/, "//")
}
