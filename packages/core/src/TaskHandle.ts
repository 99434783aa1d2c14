/**
 * Everything that is needed to ask about a task again, from nothing.
 *
 * A handle holds no secret. It is untrusted input: its base URL is compared with the configured one, never dialled.
 *
 * @since 0.1.0
 */
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/**
 * An origin and a path, nothing else: no credentials, no query, no fragment, no slash at the end.
 *
 * @category schemas
 * @since 0.1.0
 */
export const BaseUrl = Schema.String.check(
  Schema.makeFilter((text: string) => normalizeBaseUrl(text) === text, {
    expected: "an http(s) origin with an optional path, such as https://api.example.com/v1"
  })
)

/**
 * Where a task lives and what it is called there.
 *
 * @category models
 * @since 0.1.0
 */
export class TaskHandle extends Schema.Class<TaskHandle>("@video-tasks/core/TaskHandle")({
  /** The id under which the provider is registered, for example `cometapi`. */
  provider: Schema.NonEmptyString,
  /** The family of the provider's API that made the task, for example `seedance`. */
  family: Schema.NonEmptyString,
  /** The provider's own id of the task; never parsed as a number. */
  remoteId: Schema.NonEmptyString.check(Schema.isMaxLength(512)),
  /** The API that made the task. */
  baseUrl: BaseUrl,
  /** The label of the account, given by the user; never derived from the key, so that a new key strands nothing. */
  account: Schema.NonEmptyString,
  /** When the task was created, in ms since the epoch; absent after `attach`. */
  createdAt: Schema.optionalKey(Schema.Finite),
  /** A fingerprint of the request; absent after `attach`. */
  requestHash: Schema.optionalKey(Schema.String)
}) {}

/**
 * Turns a base URL into its one spelling, or returns `undefined` when it is not an http(s) origin with a path.
 *
 * @category converting
 * @since 0.1.0
 */
export const normalizeBaseUrl = (text: string): string | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return undefined
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}

/**
 * Writes a handle as one URL-safe string that starts with `vt1_`.
 *
 * **Example** (There and back)
 *
 * ```ts import.meta.vitest
 * import { TaskHandle } from "@video-tasks/core"
 *
 * const handle = TaskHandle.TaskHandle.make({
 *   provider: "cometapi",
 *   family: "seedance",
 *   remoteId: "task_abc123",
 *   baseUrl: "https://api.cometapi.com",
 *   account: "default"
 * })
 * TaskHandle.parse(TaskHandle.format(handle))?.remoteId // => "task_abc123"
 * TaskHandle.parse("vt1_nonsense") // => undefined
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const format = (self: TaskHandle): string =>
  prefix + Base64Url.encode(JSON.stringify([
    self.provider,
    self.family,
    self.remoteId,
    self.baseUrl,
    self.account,
    self.createdAt ?? null,
    self.requestHash ?? null
  ]))

/**
 * Reads a handle from its string form; anything else is `undefined`.
 *
 * @category converting
 * @since 0.1.0
 */
export const parse = (text: string): TaskHandle | undefined => {
  if (!text.startsWith(prefix)) return undefined
  const json = Result.getOrUndefined(Base64Url.decodeString(text.slice(prefix.length)))
  if (json === undefined) return undefined
  const parts = Option.getOrUndefined(decodeParts(json))
  if (parts === undefined) return undefined
  const [provider, family, remoteId, baseUrl, account, createdAt, requestHash] = parts
  return Option.getOrUndefined(decodeHandle({
    provider,
    family,
    remoteId,
    baseUrl,
    account,
    ...(createdAt === null ? {} : { createdAt }),
    ...(requestHash === null ? {} : { requestHash })
  }))
}

/**
 * Returns `true` when two handles name the same remote task; creation time and request hash do not count.
 *
 * @category predicates
 * @since 0.1.0
 */
export const isSameTask = (self: TaskHandle, that: TaskHandle): boolean =>
  self.provider === that.provider && self.remoteId === that.remoteId && self.baseUrl === that.baseUrl &&
  self.account === that.account

// internal

const prefix = "vt1_"

const decodeHandle = Schema.decodeUnknownOption(TaskHandle)

const decodeParts = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Tuple([
  Schema.String,
  Schema.String,
  Schema.String,
  Schema.String,
  Schema.String,
  Schema.NullOr(Schema.Finite),
  Schema.NullOr(Schema.String)
])))
