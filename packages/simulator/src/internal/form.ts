import * as json from "./json.ts"

/** One field of a body: its text, and whether it came as a file. */
interface Field {
  readonly value: string
  readonly file: boolean
}

/** @internal */
export type Form = ReadonlyMap<string, Field>

const utf8 = new TextDecoder()
// Maps each byte to one character, so that positions in the text are positions in the bytes.
const latin1 = new TextDecoder("latin1")

/**
 * Takes one pair of quotes away: CometAPI's samples write `-F 'seconds="5"'`, where curl strips them, and clients that
 * build the part by hand copy them.
 */
const unquote = (value: string): string => /^"([\s\S]*)"$/.exec(value)?.[1] ?? value

const text = (value: unknown): string => typeof value === "string" ? value : JSON.stringify(value)

const fromJson = (body: Uint8Array): Form | undefined => {
  const parsed = json.parse(body)
  if (parsed === undefined) return undefined
  const fields = new Map<string, Field>()
  for (const [name, value] of Object.entries(parsed)) {
    if (value !== null && value !== undefined) fields.set(name, { value: text(value), file: false })
  }
  return fields
}

const fromUrlEncoded = (body: Uint8Array): Form => {
  const fields = new Map<string, Field>()
  for (const [name, value] of new URLSearchParams(utf8.decode(body))) {
    fields.set(name, { value: unquote(value), file: false })
  }
  return fields
}

const fromMultipart = (body: Uint8Array, boundary: string): Form | undefined => {
  const all = latin1.decode(body)
  const fields = new Map<string, Field>()
  const delimiter = `--${boundary}`
  let at = all.indexOf(delimiter)
  if (at < 0) return undefined
  while (!all.startsWith("--", at + delimiter.length)) {
    const head = at + delimiter.length + 2
    const split = all.indexOf("\r\n\r\n", head)
    const next = all.indexOf(`\r\n${delimiter}`, split)
    if (split < 0 || next < 0) return undefined
    const headers = utf8.decode(body.subarray(head, split))
    const name = /[; ]name="([^"]*)"/i.exec(headers)?.[1]
    const file = /[; ]filename\*?=/i.test(headers)
    // The text of a file is never looked at.
    const value = file ? "" : unquote(utf8.decode(body.subarray(split + 4, next)))
    if (name !== undefined) fields.set(name, { value, file })
    at = next + 2
  }
  return fields
}

/** @internal Reads a body by its content type; `undefined` when it is not what it says, empty when it says nothing. */
export const parse = (contentType: string | undefined, body: Uint8Array): Form | undefined => {
  const type = contentType ?? ""
  if (/^multipart\/form-data/i.test(type)) {
    const [, quoted, bare] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? []
    const boundary = quoted ?? bare
    return boundary === undefined ? undefined : fromMultipart(body, boundary)
  }
  if (/^application\/x-www-form-urlencoded/i.test(type)) return fromUrlEncoded(body)
  if (/^application\/(.+\+)?json/i.test(type)) return fromJson(body)
  // New-API skips a body of an unknown type without a word and then misses the model.
  return new Map()
}

/** @internal A field's text, with the empty string for what is not there. */
export const get = (form: Form, ...names: ReadonlyArray<string>): string => {
  for (const name of names) {
    const field = form.get(name)
    if (field !== undefined && field.value !== "") return field.value
  }
  return ""
}
