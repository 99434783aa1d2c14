/**
 * Everything that is needed to ask about a task again, from nothing.
 *
 * A handle holds no secret. It is untrusted input: its base URL is compared with the configured one, never dialled.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { crc32 } from "./internal/crc32.ts"

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
  requestHash: Schema.optionalKey(Schema.String),
  /** Which of the family's routes made the task, where there are several: `image2video` of Kling. */
  route: Schema.optionalKey(Schema.NonEmptyString.check(Schema.isMaxLength(64)))
}) {}

/**
 * Turns a base URL into its one spelling, or returns `undefined` when it is not an http(s) origin with a path, or is
 * longer than 2,048 characters.
 *
 * @category converting
 * @since 0.1.0
 */
export const normalizeBaseUrl = (text: string): string | undefined => {
  // Handles are untrusted: the length bounds the work of the pattern below.
  if (text.length > maxBaseUrlLength || !URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") return undefined
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`
}

/**
 * Writes a handle as one URL-safe string that starts with `vt1_` and ends in a checksum.
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
export const format = (self: TaskHandle): string => {
  const json = new TextEncoder().encode(JSON.stringify([
    self.provider,
    self.family,
    self.remoteId,
    self.baseUrl,
    self.account,
    self.createdAt ?? null,
    self.requestHash ?? null,
    ...(self.route === undefined ? [] : [self.route])
  ]))
  const bytes = new Uint8Array(json.length + checksumBytes)
  bytes.set(json)
  new DataView(bytes.buffer).setUint32(json.length, crc32(json))
  return prefix + Base64Url.encode(bytes)
}

/**
 * Reads a handle from its string form; anything else, a mistyped or cut handle included, is `undefined`.
 *
 * @category converting
 * @since 0.1.0
 */
export const parse = (text: string): TaskHandle | undefined => {
  const json = unsealed(text)
  if (json === undefined) return undefined
  const parts = Option.getOrUndefined(decodeParts(json))
  if (parts === undefined) return undefined
  const [provider, family, remoteId, baseUrl, account, createdAt, requestHash, route] = parts
  return Option.getOrUndefined(decodeHandle({
    provider,
    family,
    remoteId,
    baseUrl,
    account,
    ...(createdAt === null ? {} : { createdAt }),
    ...(requestHash === null ? {} : { requestHash }),
    ...(route === undefined ? {} : { route })
  }))
}

/**
 * A handle as a schema over its string form: for flags, environment variables, query parameters and columns.
 *
 * **Example** (Decoding a handle)
 *
 * ```ts import.meta.vitest
 * import { TaskHandle } from "@video-tasks/core"
 * import { Option, Schema } from "effect"
 *
 * Option.isNone(Schema.decodeUnknownOption(TaskHandle.FromString)("task_abc123")) // => true
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const FromString = Schema.String.annotate({ expected: "a handle, which starts with vt1_" }).pipe(
  Schema.decodeTo(
    Schema.toType(TaskHandle),
    SchemaTransformation.transformEffect<TaskHandle, string>({
      decode: (text, options) => {
        const handle = parse(text)
        return handle === undefined
          ? Effect.fail(new SchemaIssue.InvalidValue({ expected: "a handle, whole and unchanged" }, text, options))
          : Effect.succeed(handle)
      },
      encode: (handle) => Effect.succeed(format(handle))
    })
  )
)

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

const maxBaseUrlLength = 2048

const checksumBytes = 4

/** Takes the JSON out of a handle, if every character is as `format` wrote it. */
const unsealed = (text: string): string | undefined => {
  if (!text.startsWith(prefix)) return undefined
  const bytes = Result.getOrUndefined(Base64Url.decode(text.slice(prefix.length)))
  if (bytes === undefined || bytes.length <= checksumBytes || prefix + Base64Url.encode(bytes) !== text) {
    return undefined
  }
  const json = bytes.subarray(0, -checksumBytes)
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getUint32(json.length)
  return crc32(json) === checksum ? new TextDecoder().decode(json) : undefined
}

const decodeHandle = Schema.decodeUnknownOption(TaskHandle)

const decodeParts = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Tuple([
  Schema.String,
  Schema.String,
  Schema.String,
  Schema.String,
  Schema.String,
  Schema.NullOr(Schema.Finite),
  Schema.NullOr(Schema.String),
  Schema.optionalKey(Schema.String)
])))
