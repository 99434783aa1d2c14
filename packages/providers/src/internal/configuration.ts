/**
 * Checks what a provider is configured with, all at once, when its layer is built.
 */
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Transport from "@video-tasks/core/Transport"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { ApiOptions } from "../ApiOptions.ts"
import type { Account } from "./http.ts"
import * as ImageInput from "./imageInput.ts"

/** What the options come to. */
export interface Configuration extends Account {
  readonly id: string
  readonly account: string
  readonly maxImageBytes: number
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
  options: ApiOptions,
  defaults: Defaults
): Effect.Effect<Configuration, VideoTaskError.VideoTaskError> => {
  const id = options.id ?? defaults.id
  const account = options.account ?? "default"
  const written = options.baseUrl ?? defaults.baseUrl ?? ""
  const baseUrl = TaskHandle.normalizeBaseUrl(written.trim())
  const maxImageBytes = options.maxImageBytes ?? ImageInput.defaultMaxBytes
  // A line break at the end is what a key has when it was read from a file.
  const key = Redacted.value(options.apiKey).trim()
  const found: Array<VideoTaskError.Violation> = []
  const complain = (field: string, value: string, allowed: string) =>
    found.push(new VideoTaskError.Violation({ field, value, allowed }))
  if (id.trim() === "") complain("id", "empty", "a name, such as the default")
  if (account.trim() === "") complain("account", "empty", "a label, such as the default")
  if (!/^[\x21-\x7e]+$/.test(key)) complain("apiKey", key === "" ? "empty" : "<redacted>", "visible ASCII characters")
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
    apiKey: Redacted.make(key),
    userAgent: options.userAgent ?? Transport.userAgent,
    propagateTrace: options.propagateTrace ?? false
  })
}

// A base URL that is refused may be refused because of the password in it.
const shown = (baseUrl: string): string => {
  if (baseUrl.trim() === "") return "empty"
  const bare = baseUrl.replace(/[?#].*$/s, "")
  return bare.replace(/\/\/[^/]*@/, "//")
}
