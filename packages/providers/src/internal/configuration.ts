/**
 * Checks what a provider is configured with, all at once, when its layer is built.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Transport from "@video-tasks/core/Transport"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { ApiOptions } from "../ApiOptions.ts"
import type { FamilyApi } from "./familyApi.ts"
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
  /** The first one says how its paths begin. */
  readonly families: ReadonlyArray<Pick<FamilyApi, "query">>
}

/** Fails with `InvalidRequest` that names each field, its value and what is allowed. */
export const check = (
  options: Options,
  defaults: Defaults
): Effect.Effect<Configuration, VideoTaskError.VideoTaskError> => {
  const found: Array<VideoTaskError.Violation> = []
  const complain = (field: string, value: string, allowed: string) =>
    found.push(new VideoTaskError.Violation({ field, value, allowed }))
  const text = (field: "id" | "account" | "baseUrl" | "userAgent", standard: string): string => {
    const value: unknown = options[field] ?? standard
    if (typeof value === "string") return value
    complain(field, Redact.shown(value), "a text")
    return standard
  }
  const id = text("id", defaults.id)
  const account = text("account", "default")
  const userAgent = text("userAgent", Transport.userAgent)
  const written = text("baseUrl", defaults.baseUrl ?? "")
  const { baseUrl, doubled } = placeOf(written, defaults)
  const maxImageBytes = options.maxImageBytes ?? ImageInput.defaultMaxBytes
  const proof = options.signer === undefined ? keyProof(options.apiKey) : signerProof(options.signer)
  if (id.trim() === "") complain("id", "empty", "a name, such as the default")
  if (account.trim() === "") complain("account", "empty", "a label, such as the default")
  found.push(...proof.violations)
  if (typeof maxImageBytes !== "number" || !(maxImageBytes > 0)) {
    complain("maxImageBytes", Redact.shown(maxImageBytes), "a number of bytes above 0")
  }
  if (baseUrl === undefined) {
    complain("baseUrl", shown(written), "an http(s) origin with an optional path, such as https://api.example.com/v1")
  }
  if (doubled !== undefined) complain("baseUrl", shown(written), `one without ${doubled} at its end, or in all paths`)
  for (const [name, path] of Object.entries<unknown>(defaults.paths)) {
    if (path === undefined) continue
    const wantsId = name === "query" || name === "content"
    if (typeof path === "string" && /^\/(?!\/)/.test(path) && path.includes("{id}") === wantsId) continue
    complain(
      `paths.${name}`,
      typeof path === "string" ? path : Redact.shown(path),
      `a path that starts with /${wantsId ? " and holds {id}" : ""}`
    )
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
    userAgent,
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
  const said: unknown = Redacted.isRedacted(written) ? Redacted.value(written) : undefined
  const text = typeof said === "string" ? said.trim() : ""
  const isOther = written !== undefined && typeof said !== "string"
  const value = isOther ? "not Redacted" : text === "" ? "empty" : "<redacted>"
  const allowed = isOther
    ? "Redacted.make(key)"
    : /\s/.test(text)
    ? "the key alone, without `Bearer`"
    : "visible ASCII characters"
  return {
    secret: Redacted.make(text),
    violations: /^[\x21-\x7e]+$/.test(text) ? [] : [new VideoTaskError.Violation({ field, value, allowed })]
  }
}

/** Where the API is. What all paths begin with is no part of it; `doubled` is what only some of them begin with. */
const placeOf = (written: string, { families, paths }: Defaults) => {
  const given = TaskHandle.normalizeBaseUrl(written.trim())
  if (given === undefined) return {}
  const { pathname } = new URL(given)
  const routes = [families[0]?.query, paths["create"]].filter((path) => typeof path === "string")
  // Of `/v1/videos/{id}` that is `/v1/videos`, and `/v1`.
  const ends = routes.flatMap((path) => /^(\/v\d+)\/[^{]*(?=\/|$)/.exec(path) ?? [])
  const end = ends.find((one) => pathname.endsWith(one))
  if (end === undefined) return { baseUrl: given }
  return routes.every((path) => path.startsWith(end))
    ? { baseUrl: given.slice(0, -end.length) }
    : { baseUrl: given, doubled: end }
}

// A base URL that is refused may be refused because of the password in it.
const shown = (baseUrl: string): string => {
  if (baseUrl.trim() === "") return "empty"
  const bare = baseUrl.replace(/[?#].*$/s, "")
  return bare.replace(/\/\/[^/]*@/, "//")
}
