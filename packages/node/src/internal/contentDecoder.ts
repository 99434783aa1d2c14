/**
 * Decodes `content-encoding`, which undici's `request` leaves as it came.
 *
 * undici brings an interceptor for this, but it is marked experimental and prints a warning in every process that makes
 * one.
 */
import { pipeline, type Transform } from "node:stream"
import * as Zlib from "node:zlib"
import type { Dispatcher } from "undici"

/** An undici interceptor that hands over decoded bodies: gzip, deflate (with or without its zlib head), br, zstd. */
export const contentDecoder: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
  dispatch(options, options.method === "HEAD" ? handler : new ContentDecoder(handler))

// internal

type Handler = Dispatcher.DispatchHandler
type Controller = Dispatcher.DispatchController
type Args<Method extends keyof Handler> = Parameters<NonNullable<Handler[Method]>>

/** More layers than this are an attack, not a server. */
const maxEncodings = 3

const decoders: Readonly<Record<string, (first: number) => Transform>> = {
  gzip: () => Zlib.createGunzip(),
  "x-gzip": () => Zlib.createGunzip(),
  // RFC 9110 wants a zlib head (its first byte ends in 8), and some servers send the bare stream.
  deflate: (first) => (first & 0x0f) === 8 ? Zlib.createInflate() : Zlib.createInflateRaw(),
  br: () => Zlib.createBrotliDecompress(),
  zstd: () => Zlib.createZstdDecompress()
}

const encodingsOf = (headers: Args<"onResponseStart">[2]): ReadonlyArray<string> => {
  const value = headers["content-encoding"]
  if (value === undefined) return []
  const names = (Array.isArray(value) ? value.join(",") : value).toLowerCase().split(",").map((name) => name.trim())
  return names.filter((name) => name !== "" && name !== "identity")
}

class ContentDecoder implements Handler {
  readonly #handler: Handler
  #decoding: Decoding | undefined

  constructor(handler: Handler) {
    this.#handler = handler
  }
  onRequestStart(controller: Controller, context: unknown): void {
    this.#handler.onRequestStart?.(controller, context)
  }
  onRequestUpgrade(...args: Args<"onRequestUpgrade">): void {
    this.#handler.onRequestUpgrade?.(...args)
  }
  onResponseStart(...[controller, status, headers, message]: Args<"onResponseStart">): void {
    const encodings = encodingsOf(headers)
    if (status < 200 || encodings.length === 0 || !encodings.every((name) => Object.hasOwn(decoders, name))) {
      this.#handler.onResponseStart?.(controller, status, headers, message)
      return
    }
    if (encodings.length > maxEncodings) {
      controller.abort(new Error(`the answer is encoded ${encodings.length} times`))
      return
    }
    const { "content-encoding": _encoding, "content-length": _length, ...decoded } = headers
    this.#decoding = new Decoding(this.#handler, controller, encodings)
    this.#handler.onResponseStart?.(this.#decoding, status, decoded, message)
  }
  onResponseData(controller: Controller, chunk: Buffer): void {
    if (this.#decoding === undefined) this.#handler.onResponseData?.(controller, chunk)
    else this.#decoding.write(chunk)
  }
  onResponseEnd(controller: Controller, trailers: Args<"onResponseEnd">[1]): void {
    if (this.#decoding === undefined) this.#handler.onResponseEnd?.(controller, trailers)
    else this.#decoding.end(trailers)
  }
  onResponseError(controller: Controller, error: Error): void {
    if (this.#decoding === undefined) this.#handler.onResponseError?.(controller, error)
    else this.#decoding.fail(error)
  }
}

/** One body on its way through zlib; to the handler above it is the controller of the request. */
class Decoding implements Controller {
  readonly #handler: Handler
  readonly #source: Controller
  readonly #encodings: ReadonlyArray<string>
  #first: Transform | undefined
  #last: Transform | undefined
  #sourceEnded = false
  #decoded = false
  #trailers: Args<"onResponseEnd">[1] = {}
  #over = false
  #paused = false

  constructor(handler: Handler, source: Controller, encodings: ReadonlyArray<string>) {
    this.#handler = handler
    this.#source = source
    this.#encodings = encodings
  }
  get aborted(): boolean {
    return this.#source.aborted
  }
  get paused(): boolean {
    return this.#paused
  }
  get reason(): Error | null {
    return this.#source.reason
  }
  abort(reason: Error): void {
    if (this.#sourceEnded) this.fail(reason)
    else this.#source.abort(reason)
  }
  pause(): void {
    this.#paused = true
    this.#last?.pause()
  }
  resume(): void {
    this.#paused = false
    this.#last?.resume()
  }
  write(chunk: Buffer): void {
    if (this.#over || chunk.length === 0) return
    this.#first ??= this.#start(chunk[0] ?? 0)
    if (!this.#first.write(chunk)) this.#source.pause()
  }
  end(trailers: Args<"onResponseEnd">[1]): void {
    this.#sourceEnded = true
    this.#trailers = trailers
    // A body of no bytes is not a broken gzip file.
    if (this.#first === undefined) this.#decoded = true
    else this.#first.end()
    this.#finish()
  }
  fail(error: Error): void {
    if (this.#over) return
    this.#over = true
    this.#first?.destroy()
    this.#last?.destroy()
    this.#handler.onResponseError?.(this, error)
  }
  #finish(): void {
    if (this.#over || !this.#sourceEnded || !this.#decoded) return
    this.#over = true
    this.#handler.onResponseEnd?.(this, this.#trailers)
  }
  /** Encodings are listed in the order in which they were applied, so the last one comes off first. */
  #start(firstByte: number): Transform {
    const chain = this.#encodings.toReversed().map((name) => decoders[name]?.(firstByte)).filter((one) =>
      one !== undefined
    )
    const [first] = chain
    const last = chain.at(-1)
    if (first === undefined || last === undefined) throw new Error("an encoding without a decoder")
    if (chain.length > 1) pipeline(chain, (error) => error ? this.#broken(error) : undefined)
    else first.on("error", (error) => this.#broken(error))
    first.on("drain", () => this.#sourceEnded ? undefined : this.#source.resume())
    last.on("data", (chunk: Buffer) => this.#handler.onResponseData?.(this, chunk))
    last.on("end", () => {
      this.#decoded = true
      this.#finish()
    })
    if (this.#paused) last.pause()
    this.#last = last
    return first
  }
  #broken(error: Error): void {
    if (this.#sourceEnded) this.fail(error)
    else this.#source.abort(error)
  }
}
