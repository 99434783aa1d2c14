/**
 * The two ways in which a create is written: `multipart/form-data`, and JSON.
 */
import { InvalidRequest } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import type * as Schema from "effect/Schema"
import type { Checked, Picture } from "./imageInput.ts"
import * as OptionRules from "./optionRules.ts"

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

/** Links as they are, pictures as data URIs. Reads the pictures whole: JSON has no other way. */
export const toLinks = (images: ReadonlyArray<Checked>): Effect.Effect<ReadonlyArray<string>, InvalidRequest> =>
  Effect.forEach(images, (image, index) =>
    image instanceof URL
      ? Effect.succeed(image.href)
      : Effect.map(base64(image, index), (data) => `data:${image.mimeType};base64,${data}`))

/** A picture in base64; fails when its file is gone, with the place that it has among the pictures. */
export const base64 = ({ content }: Picture, index: number): Effect.Effect<string, InvalidRequest> =>
  Effect.tryPromise(() => content.arrayBuffer()).pipe(
    Effect.map((bytes) => Base64.encode(new Uint8Array(bytes))),
    Effect.mapError(() =>
      new InvalidRequest({
        violations: [
          OptionRules.violation(`images[${index}]`, "a file that can't be read", "a file that is still there")
        ]
      })
    )
  )
