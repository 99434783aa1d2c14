/** @internal */
export type Json = Readonly<Record<string, unknown>>

/** @internal */
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** @internal Reads a body; `undefined` when it is not an object in JSON. */
export const parse = (body: Uint8Array): Json | undefined => {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(body))
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}
