/**
 * The two streams of the command: results on stdout, everything else on stderr, and live lines at the foot of stderr.
 *
 * Known secrets are blotted out of everything that is written here, whoever wrote them into a text.
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stdio from "effect/Stdio"
import { createLogUpdate } from "log-update"
import process from "node:process"
import { type Loss, make as makeStreams, type Streams, wholeInto } from "./streams.ts"
import * as Style from "./style.ts"

/** Where a command writes. */
export class Screen extends Context.Service<Screen, {
  /** Writes a result to stdout, and waits until it is taken. */
  readonly out: (text: string) => Effect.Effect<void>
  /** Writes to stderr. */
  readonly err: (text: string) => Effect.Effect<void>
  /** Replaces the live lines; does nothing where `animated` is `false`. */
  readonly live: (lines: ReadonlyArray<string>) => Effect.Effect<void>
  /**
   * Fills the terminal with pictures until the scope ends; what it showed before comes back then, and what was written
   * meanwhile. Only where `fills` is `true`.
   */
  readonly filled: Effect.Effect<(lines: ReadonlyArray<string>) => Effect.Effect<void>, never, Scope.Scope>
  /** Whether the terminal can be filled with a picture. */
  readonly fills: boolean
  /** Waits until stdout takes nothing more. */
  readonly outLost: Effect.Effect<void>
  /** Why stdout takes nothing more; `undefined` while it does. */
  readonly outLoss: Effect.Effect<Loss | undefined>
  /** The colours of stdout. */
  readonly outStyle: Style.Style
  /** The colours of stderr. */
  readonly errStyle: Style.Style
  /** Whether stderr is a terminal that can show live lines. */
  readonly animated: boolean
  /** The width of the terminal. */
  readonly columns: Effect.Effect<number>
  /** The width of stdout where it is a terminal; `undefined` where results go into a file or a pipe. */
  readonly outColumns: Effect.Effect<number | undefined>
  /** Never to be written from now on. */
  readonly hide: (secret: Redacted.Redacted) => Effect.Effect<void>
  /** A text without what is hidden, for those who write elsewhere. */
  readonly clean: (text: string) => string
}>()("video-tasks/internal/Screen") {}

/** What a screen needs to know of its terminal. */
export interface Terminal {
  readonly streams: Streams
  readonly outStyle: Style.Style
  readonly errStyle: Style.Style
  readonly animated: boolean
  readonly columns: () => number
  readonly outColumns?: (() => number | undefined) | undefined
  /** Draws the live lines; an empty text takes them away. */
  readonly draw: (text: string) => void
  /** Fills the terminal with a picture; `undefined` takes it away. */
  readonly fill?: ((lines: ReadonlyArray<string> | undefined) => void) | undefined
}

/** Makes a screen. */
export const make = (terminal: Terminal): Screen["Service"] => {
  const secrets = new Set<string>()
  const clean = (text: string): string => {
    let result = text
    for (const secret of secrets) result = result.replaceAll(secret, "<redacted>")
    return result
  }
  const { streams } = terminal
  const foot = footOf(terminal, clean)
  return Screen.of({
    clean,
    out: (text) => foot.above(() => streams.out(clean(text))),
    err: (text) =>
      foot.above(() => {
        streams.err(clean(text))
        return Effect.void
      }),
    live: foot.live,
    filled: foot.filled,
    fills: terminal.fill !== undefined,
    outLost: streams.lost,
    outLoss: Effect.sync(streams.loss),
    outStyle: terminal.outStyle,
    errStyle: terminal.errStyle,
    animated: terminal.animated,
    columns: Effect.sync(terminal.columns),
    outColumns: Effect.sync(() => terminal.outColumns?.()),
    hide: (secret) =>
      Effect.sync(() => {
        const text = Redacted.value(secret)
        if (text.length >= 4) secrets.add(text)
      })
  })
}

/** The screen of this process; it obeys NO_COLOR, FORCE_COLOR and TERM=dumb. */
export const layer: Layer.Layer<Screen, never, Stdio.Stdio> = Layer.effect(
  Screen,
  Effect.gen(function*() {
    const stdio = yield* Stdio.Stdio
    const env = yield* environment
    const [outTerminal, errTerminal] = [yield* stdio.stdoutIsTerminal, yield* stdio.stderrIsTerminal]
    const colored = (isTerminal: boolean): boolean =>
      env.term !== "dumb" && env.noColor === "" && (isTerminal || !["", "0", "false"].includes(env.forceColor))
    const update = createLogUpdate(process.stderr)
    const { stderr, stdout } = process
    const streams = yield* makeStreams({ stdout, stderr, whole: wholeInto(stdout.fd), isTerminal: outTerminal })
    return make({
      streams,
      outStyle: colored(outTerminal) ? Style.ansi : Style.none,
      errStyle: colored(errTerminal) ? Style.ansi : Style.none,
      animated: errTerminal && env.term !== "dumb",
      columns: () => process.stderr.columns || 80,
      outColumns: () => outTerminal ? process.stdout.columns || 80 : undefined,
      draw: (text) => {
        if (streams.isErrGone()) return
        if (text === "") update.clear()
        else update(text)
      },
      ...(outTerminal && env.term !== "dumb" ? { fill: filling(process.stdout) } : {})
    })
  })
)

// internal

/** The live lines at the foot of stderr, and the picture that fills the terminal: whatever is written goes above them. */
const footOf = (terminal: Terminal, clean: (text: string) => string) => {
  let frame = ""
  let held: Array<() => Effect.Effect<void>> | undefined
  return {
    /** Writes at once; what is returned waits until it is taken. */
    above: (write: () => Effect.Effect<void>): Effect.Effect<void> =>
      Effect.suspend(() => {
        if (held !== undefined) {
          held.push(write)
          return Effect.void
        }
        if (frame === "") return write()
        terminal.draw("")
        const taken = write()
        terminal.draw(frame)
        return taken
      }),
    live: (lines: ReadonlyArray<string>): Effect.Effect<void> =>
      Effect.sync(() => {
        const next = clean(lines.join("\n"))
        if (!terminal.animated || next === frame) return
        frame = next
        terminal.draw(frame)
      }),
    filled: Effect.acquireRelease(
      Effect.sync(() => {
        held = []
        return (lines: ReadonlyArray<string>) => Effect.sync(() => terminal.fill?.(lines.map(clean)))
      }),
      () =>
        Effect.suspend(() => {
          const writes = held ?? []
          held = undefined
          terminal.fill?.(undefined)
          return Effect.forEach(writes, (write) => Effect.suspend(write), { discard: true })
        })
    )
  }
}

/** Pictures have the alternate screen, so that a new size of the terminal cannot tear them and what was there stays. */
const filling = (stream: NodeJS.WriteStream) => {
  let isFilled = false
  const leave = (): void => {
    if (!isFilled) return
    isFilled = false
    stream.write("\u001B[?7h\u001B[?25h\u001B[?1049l")
  }
  return (lines: ReadonlyArray<string> | undefined): void => {
    if (lines === undefined) {
      process.off("exit", leave)
      return leave()
    }
    if (!isFilled) {
      isFilled = true
      process.once("exit", leave)
      stream.write("\u001B[?1049h\u001B[?25l\u001B[?7l")
    }
    const picture = lines.map((line) => `${line}\u001B[K`).join("\r\n")
    stream.write(`\u001B[?2026h\u001B[H${picture}\u001B[J\u001B[?2026l`)
  }
}

const variable = (name: string) =>
  Config.option(Config.String(name)).pipe(Config.map(Option.getOrElse(() => "")), Config.withDefault(""))

const environment = Effect.orDie(Config.all({
  term: variable("TERM"),
  noColor: variable("NO_COLOR"),
  forceColor: variable("FORCE_COLOR")
}))
