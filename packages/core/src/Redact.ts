/**
 * Taking secrets out of what people will read: signed URLs lose their query, keys become `<redacted>`.
 *
 * @since 0.1.0
 */

const hidden = "<redacted>"

/**
 * Returns a URL without query, fragment and user info.
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
  if (/^data:/i.test(bare)) return bare.slice(0, Math.max(5, bare.search(/[;,]|$/)))
  return bare.replace(/[?#].*$/s, "").replace(/^([a-z][a-z0-9+.-]*:[\\/]*)[^\\/]*@/i, "$1")
}

/**
 * Returns a text in which every URL has lost its query and every key is hidden.
 *
 * **Details**
 *
 * Hidden are `Bearer …` and `Basic …`, keys such as `sk-…`, JSON web tokens, and the values of names such as `api_key`,
 * `token` or `signature`. Query parameters are also taken away where no URL is around them.
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
  let clean = text.replace(urls, (found) => url(found))
  clean = clean.replace(parameters, "").replace(credentials, `$1${hidden}`)
  clean = clean.replace(keys, hidden).replace(namedSecrets, `$1${hidden}`)
  return clean
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
export const excerpt = (json: unknown, maxBytes = 8192): string => {
  const written = write(json, { left: maxBytes + 1 }, 0)
  return clip(written, maxBytes)
}

/**
 * Cuts a text to at most `maxBytes` of UTF-8, at the end of a character; what was cut is replaced by `…`.
 *
 * @category converting
 * @since 0.1.0
 */
export const clip = (text: string, maxBytes: number): string => {
  if (text.length * 3 <= maxBytes) return text
  const whole = encoder.encodeInto(text, new Uint8Array(maxBytes))
  if (whole.read === text.length) return text
  const room = Math.max(0, maxBytes - 3)
  return text.slice(0, encoder.encodeInto(text, new Uint8Array(room)).read) + (maxBytes < 3 ? "" : "…")
}

// internal

const encoder = new TextEncoder()

/** A cheap look that lets the many harmless words of an answer pass. */
const suspicious = /[?&%=@]|:[\\/]|\b(?:bearer|basic|data:|sk-|key_|whsec_|eyJ|AKIA)|[:=]\s*\\*["']/i

const urls = /(?:[a-z][a-z0-9+.-]*:(?:\\*[\\/]){2}[^\s"<>]*|\bdata:[a-z]+\/[^\s"<>]*)/gi

const parameters = /(?:[?&]|%3F|%26)[\w.~[\]-]+(?:=|%3D)[^\s"&]*/gi

const credentials = /\b((?:bearer|basic)\s+)(?!<redacted>)[\w.~+/=*-]{4,}/gi

const keys = /\b(?:sk-[\w*-]{6,}|key_[0-9a-f]{16,}|whsec_[\w+/=]{8,}|AKIA[0-9A-Z]{12,}|eyJ[\w-]{8,}\.[\w-]{8,}[\w.-]*)/g

const secretName = "(?:authorization|cookie|passw(?:or)?d|credential|signature|secret|api[-_]?key|access[-_]?key|token)"

const namedSecrets = new RegExp(
  `([\\w-]*${secretName}(?:\\s*=\\s*|\\\\*["']\\s*:\\s*\\\\*["']))(?!<redacted>)[^\\s"'&,;]+`,
  "gi"
)

const secretKey = new RegExp(`${secretName}$`, "i")

const maxDepth = 32

const maxString = 2048

/** Writes JSON until the budget is used up. It stops in the middle of anything: the caller cuts. */
const write = (value: unknown, budget: { left: number }, depth: number): string => {
  const out = isContainer(value) ? writeContainer(value, budget, depth) : writeScalar(value)
  if (!isContainer(value)) budget.left -= out.length
  return out
}

const isContainer = (value: unknown): value is object => typeof value === "object" && value !== null

const writeScalar = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(text(value.length > maxString ? shorten(value) : value))
  return typeof value === "number" || typeof value === "boolean" || value === null ? JSON.stringify(value) : "null"
}

const shorten = (value: string): string => `${text(value).slice(0, maxString)}…`

const writeContainer = (value: object, budget: { left: number }, depth: number): string => {
  if (depth >= maxDepth) return "\"…\""
  const isArray = Array.isArray(value)
  let out = isArray ? "[" : "{"
  for (const [key, item] of Object.entries(value)) {
    if (budget.left <= 0) return out
    if (out.length > 1) out += ","
    if (!isArray) {
      const name = `${JSON.stringify(text(key))}:`
      budget.left -= name.length + 1
      out += name
    }
    out += !isArray && secretKey.test(key) && item !== null ? JSON.stringify(hidden) : write(item, budget, depth + 1)
  }
  return out + (isArray ? "]" : "}")
}
