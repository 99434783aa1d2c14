/** @internal What a route says, before a fault spoils it. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const encoder = new TextEncoder()

/** @internal */
export const bytes = (text: string): Uint8Array => encoder.encode(text)

/** @internal */
export const of = (
  status: number,
  type: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {}
): Answer => ({ status, headers: { "content-type": type, ...headers }, body })

/** @internal Members that are `undefined` are left out. */
export const json = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Answer =>
  of(status, "application/json; charset=utf-8", bytes(JSON.stringify(body)), headers)

/** @internal */
export const html = (status: number, title: string): Answer =>
  of(
    status,
    "text/html; charset=utf-8",
    bytes(
      `<!doctype html>\n<html><head><title>${title}</title></head>\n<body><center><h1>${title}</h1></center></body></html>\n`
    )
  )

/** @internal */
export const xml = (status: number, code: string, message: string): Answer =>
  of(
    status,
    "application/xml",
    bytes(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`
    )
  )

/** @internal */
export const empty = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers,
  body: new Uint8Array(0)
})
