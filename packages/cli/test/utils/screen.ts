import { Effect, Layer } from "effect"
import * as Screen from "../../src/internal/screen.ts"
import type { Streams } from "../../src/internal/streams.ts"
import * as Style from "../../src/internal/style.ts"

/** What was written, in order. */
interface Written {
  readonly out: Array<string>
  readonly err: Array<string>
  /** Everything, with the live pictures; `live:` alone is a picture taken away. */
  readonly all: Array<string>
}

/** A screen that keeps what is written to it. */
export const recorded = (options: { readonly animated?: boolean } = {}) => {
  const written: Written = { out: [], err: [], all: [] }
  const keep = (into: Array<string>, name: string) => (text: string) => {
    into.push(text)
    written.all.push(`${name}: ${text}`)
  }
  const keepOut = keep(written.out, "out")
  const streams: Streams = {
    out: (text) => {
      keepOut(text)
      return Effect.void
    },
    err: keep(written.err, "err"),
    isErrGone: () => false,
    loss: () => undefined,
    lost: Effect.never
  }
  const screen = Screen.make({
    streams,
    outStyle: Style.none,
    errStyle: Style.none,
    animated: options.animated ?? false,
    columns: () => 120,
    draw: (text) => written.all.push(`live: ${text}`)
  })
  return {
    written,
    screen,
    layer: Layer.succeed(Screen.Screen, screen)
  }
}
