/**
 * Taking secrets out of what people will read: signed URLs lose their query, keys become `<redacted>`.
 *
 * @since 0.1.0
 */

/**
 * Returns a URL without query, fragment and user info; a `data:` URL without its data.
 *
 * **Example** (A signed link)
 *
 * ```ts import.meta.vitest
 * import { Redact } from "@video-tasks/core"
 *
 * Redact.url("https://user:pass@cdn.example.com/v.mp4?X-Tos-Signature=abc#t=1") // => "https://cdn.example.com/v.mp4"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const url = (text: string): string => {
  const bare = text.trim()
  if (/^data:/i.test(bare)) return bare.slice(0, bare.search(/[;,]|$/))
  return bare.replace(/[?#].*$/s, "").replace(/^([a-z][a-z0-9+.-]{0,15}:[\\/]*)[^\\/]*@/i, "$1")
}

/**
 * Returns a text in which every URL has lost its query and every key is hidden.
 *
 * **Details**
 *
 * Hidden are `Bearer …` and `Basic …`, keys such as `sk-…`, JSON web tokens, and the values of names such as `api_key`,
 * `private_key`, `token`, `pwd`, `passphrase`, `auth` or `signature`; a value in quotes to its end. Query parameters are also
 * taken away where no URL is around them. The time is linear in the length of the text.
 *
 * **Gotchas**
 *
 * A secret that looks like any other word is not seen: in the path of a URL, under a name that says nothing, or in a sentence.
 *
 * **Example** (An error message)
 *
 * ```ts import.meta.vitest
 * import { Redact } from "@video-tasks/core"
 *
 * Redact.text("GET https://cdn.example.com/v.mp4?sign=1 with Bearer sk-123456 failed")
 * // => "GET https://cdn.example.com/v.mp4 with Bearer <redacted> failed"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const text = (text: string): string => {
  if (!suspicious.test(text)) return text
  const plainly = text
    .replace(urls, (found) => url(found))
    .replace(parameters, "")
    .replace(credentials, `$1${hidden}`)
    .replace(keys, hidden)
  return namedSecrets.reduce((rest, named) => rest.replace(named, `$1${hidden}`), plainly)
}

/**
 * Returns JSON text of a value, redacted at every depth and at most `maxBytes` long in UTF-8.
 *
 * **Details**
 *
 * Strings and keys go through {@link text}; whatever stands under a key such as `authorization`, `api_key`, `token` or
 * `signature` is hidden whole. A text that was cut ends with `…`, never in the middle of a character.
 *
 * @category converting
 * @since 0.1.0
 */
export const excerpt = (json: unknown, maxBytes = 8192): string =>
  clip(write(json, { left: maxBytes + 1 }, 0), maxBytes)

/**
 * Cuts a text to at most `maxBytes` of UTF-8, at the end of a character; what was cut is replaced by `…`.
 *
 * **Gotchas**
 *
 * It hides nothing, and half a key is not recognised as one: redact first, then cut.
 *
 * @category converting
 * @since 0.1.0
 */
export const clip = (text: string, maxBytes: number): string => {
  if (text.length * 3 <= maxBytes || bytesRead(text, maxBytes) === text.length) return text
  return maxBytes < 3 ? "" : `${text.slice(0, bytesRead(text, maxBytes - 3))}…`
}

/**
 * Shows a value of any kind in a few words, for messages that say what is wrong with it: a text in quotes, redacted and cut,
 * everything that holds others by its kind alone.
 *
 * **Example** (What came in the place of a number)
 *
 * ```ts import.meta.vitest
 * import { Redact } from "@video-tasks/core"
 *
 * Redact.shown("5") // => '"5"'
 * Redact.shown(undefined) // => "missing"
 * Redact.shown({ apiKey: "sk-123456" }) // => "an object"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const shown = (value: unknown): string => {
  if (typeof value === "string") return clip(JSON.stringify(text(value)), 80)
  if (value === undefined) return "missing"
  if (Array.isArray(value)) return "a list"
  return Object(value) === value ? "an object" : value === null ? "null" : (value as symbol).toString()
}

// internal

const hidden = "<redacted>"

const encoder = new TextEncoder()

const bytesRead = (text: string, maxBytes: number): number =>
  encoder.encodeInto(text, new Uint8Array(Math.max(0, maxBytes))).read

/** A cheap look that lets the many harmless words of an answer pass. */
const suspicious =
  /[?&%=@]|:[\\/]|\b(?:bearer|basic|data:|sk-|key_|whsec_|eyJ|AKIA)|[:=]\s*\\?["']|(?:authorization|api[-_]key)\s*:/i

/** The scheme has a bounded length, or a long word would be read again from each of its letters. */
const urls = /(?:[a-z][a-z0-9+.-]{0,15}:[\\/]{2,}|\bdata:[a-z]{1,20}\/)[^\s"<>]*/gi

const parameters = /(?:[?&]|%3F|%26)[\w.~[\]-]+(?:=|%3D)[^\s"&]*/gi

/** Words that follow "bearer" in sentences about keys. */
const plain = "(?:token|auth\\w*|key|header|scheme|is|was|not|or|and|missing|invalid|required)\\b"

const credentials = new RegExp(
  `\\b(bearer\\s+(?!${plain}|<)|basic\\s+(?=[\\w+/-]*[\\d=])|(?:authorization|api[-_]key)\\s*:\\s*(?!bearer|basic|${plain}|<))[\\w.~+/=*-]+`,
  "gi"
)

const keys =
  /\bsk-[\w*-]{3,}|\b(?:key_[0-9a-f]{16,}|whsec_[\w+/=]{8,}|AKIA[0-9A-Z]{12,})|(?<![\w-])eyJ[\w-]{8,}\.[\w.-]{8,}/g

const secretName = `(?:${
  [
    "auth(?:orization)?",
    "cookie",
    "pass(?:w(?:or)?d|code|phrase)",
    "pwd",
    "credential",
    "signature",
    "secret",
    "(?:api|access|private)[-_]?key",
    "jwt",
    "token"
  ].join("|")
})`

/** A value in quotes is hidden to its end, whatever stands in it; the last ones are in JSON that is a text of JSON. */
const namedSecrets = [
  `(${secretName}["']?\\s*[:=]\\s*(["']))(?!<redacted>)(?:\\\\[^]|(?!\\2)[^\\\\])+`,
  `(${secretName}\\s*=\\s*)(?!<redacted>)[^\\s"'&,;\\\\]+`,
  `(${secretName}\\\\["']\\s*:\\s*\\\\["'])(?!<redacted>)(?:(?!\\\\["'])[^])+`
].map((pattern) => new RegExp(pattern, "gi"))

const secretKey = new RegExp(`(?:${secretName}|secrets|cookies|credentials|(?:^|[_-])sign?)$`, "i")

const maxDepth = 32

const maxString = 2048

interface Budget {
  /** How many more characters are wanted. */
  left: number
}

/** Writes JSON until the budget is used up, and may stop in the middle of anything: the caller cuts. */
const write = (value: unknown, budget: Budget, depth: number): string => {
  if (typeof value === "object" && value !== null) return writeContainer(value, budget, depth)
  const out = typeof value === "string"
    ? writeString(value)
    : typeof value === "number" || typeof value === "boolean"
    ? JSON.stringify(value)
    : "null"
  budget.left -= out.length
  return out
}

const writeContainer = (value: object, budget: Budget, depth: number): string => {
  budget.left -= 2
  if (depth >= maxDepth) return "\"…\""
  const isList = Array.isArray(value)
  let out = isList ? "[" : "{"
  for (const [key, item] of Object.entries(value)) {
    if (budget.left <= 0) return out
    if (out.length > 1) out += ","
    if (!isList) {
      const name = `${writeString(key)}:`
      budget.left -= name.length + 1
      out += name
    }
    out += !isList && item !== null && secretKey.test(key) ? `"${hidden}"` : write(item, budget, depth + 1)
  }
  return out + (isList ? "]" : "}")
}

const writeString = (value: string): string => {
  if (value.length <= maxString && !suspicious.test(value)) return JSON.stringify(value)
  if (wholeUrl.test(value)) return JSON.stringify(shorten(url(value), maxString))
  return JSON.stringify(shorten(text(shorten(value, 2 * maxString)), maxString))
}

/** A link that is a whole value may hold anything in its query, also what ends a link in a sentence. */
const wholeUrl = /^\s*[a-z][a-z0-9+.-]{0,15}:[\\/]{2}[^\s?#]*[?#]/i

const shorten = (value: string, length: number): string => value.length <= length ? value : `${value.slice(0, length)}…`
