/**
 * The two ways in which a create is written: `multipart/form-data`, and JSON.
 */
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import type * as Schema from "effect/Schema"
import type { Checked, Picture } from "./imageInput.ts"

/** Fields in the order in which they are sent; what is `undefined` is not sent. */
export type Fields = Readonly<Record<string, Schema.Json | undefined>>

/** Writes fields as bare text parts (no quotes round them) and pictures as file parts of one name. */
export const multipart = (
  fields: Fields,
  files: { readonly name: string; readonly images: ReadonlyArray<Checked> }
) => {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue
    form.append(name, typeof value === "object" ? JSON.stringify(value) : String(value))
  }
  for (const image of files.images) {
    if (!(image instanceof URL)) form.append(files.name, image.content, `${files.name}.${image.extension}`)
  }
  return form
}

/** Writes fields as JSON. */
export const json = (fields: Fields): { readonly json: unknown } => ({ json: fields })

/** A link as it is, a picture as a data URI. Reads the whole picture: JSON has no other way. */
export const toLink = (image: Checked): Effect.Effect<string, unknown> =>
  image instanceof URL ? Effect.succeed(image.href) : dataUri(image)

const dataUri = ({ content, mimeType }: Picture): Effect.Effect<string, unknown> =>
  Effect.map(
    Effect.tryPromise(() => content.arrayBuffer()),
    (bytes) => `data:${mimeType};base64,${Base64.encode(new Uint8Array(bytes))}`
  )
