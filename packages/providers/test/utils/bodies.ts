import { Effect } from "effect"
import type { HttpClientRequest } from "effect/http"

/** One part of a multipart body, as it goes over the wire. */
export interface Part {
  readonly headers: ReadonlyArray<string>
  readonly content: string
}

/** The parts of a multipart body, from its bytes, not from the object that made them. */
export const partsOf = (request: HttpClientRequest.HttpClientRequest | undefined) =>
  Effect.promise(async () => {
    if (request?.body._tag !== "FormData") throw new Error(`not a form: ${request?.body._tag}`)
    const response = new Response(request.body.formData)
    const boundary = /boundary=(.+)$/.exec(response.headers.get("content-type") ?? "")?.[1] ?? "none"
    const bytes = Buffer.from(await response.arrayBuffer()).toString("latin1")
    const pieces = bytes.split(`--${boundary}`)
    if (pieces.at(-1)?.trim() !== "--") throw new Error("the body has no end")
    return pieces.slice(1, -1).map((piece): Part => {
      const [head = "", ...rest] = piece.split("\r\n\r\n")
      return {
        headers: head.split("\r\n").filter((line) => line !== ""),
        content: Buffer.from(rest.join("\r\n\r\n").replace(/\r\n$/, ""), "latin1").toString("utf8")
      }
    })
  })

/** The text fields of a multipart body. */
export const fieldsOf = (request: HttpClientRequest.HttpClientRequest | undefined) =>
  Effect.map(
    partsOf(request),
    (parts) => parts.map(({ content, headers }) => [/name="([^"]+)"/.exec(headers.join())?.[1], content])
  )

/** The JSON of a body. */
export const jsonOf = (request: HttpClientRequest.HttpClientRequest | undefined): unknown => {
  if (request?.body._tag !== "Uint8Array") throw new Error(`not JSON: ${request?.body._tag}`)
  return JSON.parse(new TextDecoder().decode(request.body.body))
}

export const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])

export const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16])

export const webp = new Uint8Array([0x52, 0x49, 0x46, 0x46, 9, 0, 0, 0, 0x57, 0x45, 0x42, 0x50])
