/**
 * The two streams of the process: what is written to them, and what becomes of it.
 *
 * A text for stdout is waited for until it is taken, so that a slow reader slows the command down instead of filling its
 * memory, and so that nothing counts as told that was not.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { fstatSync, writeSync } from "node:fs"
import type { Writable } from "node:stream"
import { isatty } from "node:tty"

/** Why stdout takes nothing more: nobody reads it, or it could not be written. */
export interface Loss {
  readonly isUnread: boolean
  /** As the system calls it, such as `ENOSPC`. */
  readonly code: string
}

/** Where texts go. */
export interface Streams {
  /** Writes a line to stdout at once; what it returns waits until the line is taken. */
  readonly out: (text: string) => Effect.Effect<void>
  /** Writes a line to stderr, or nothing when nobody reads that any more. */
  readonly err: (text: string) => void
  /** Whether stderr is gone. */
  readonly isErrGone: () => boolean
  /** Why stdout takes nothing more; `undefined` while it does. */
  readonly loss: () => Loss | undefined
  /** Waits until stdout takes nothing more. */
  readonly lost: Effect.Effect<void>
}

/** What streams need to know of their process. */
export interface Sinks {
  readonly stdout: Writable
  readonly stderr: Writable
  /** Writes to stdout at once and as a whole, where it is a file; throws where it can't. */
  readonly whole?: ((bytes: Uint8Array) => void) | undefined
  /** Whether stdout is a terminal; one that is gone is an input and output error. */
  readonly isTerminal: boolean
}

/** Makes streams, and hears what goes wrong with them until the scope ends. */
export const make = Effect.fnUntraced(function*({ isTerminal, stderr, stdout, whole }: Sinks) {
  const lost = yield* Deferred.make<void>()
  let [loss, isErrGone]: [Loss | undefined, boolean] = [undefined, false]
  const lose = (error?: unknown): void => {
    const code = error === undefined ? "EPIPE" : codeOf(error)
    loss ??= { code, isUnread: unread.has(code) || (isTerminal && code === "EIO") }
    Deferred.doneUnsafe(lost, Effect.void)
  }
  yield* heard(stdout, lose)
  yield* heard(stderr, () => isErrGone = true)
  const unlessLost = Effect.suspend(() => loss === undefined ? Effect.void : interruption)
  const send = (text: string): Effect.Effect<void> => {
    if (whole !== undefined) {
      try {
        whole(Buffer.from(text))
      } catch (error) {
        lose(error)
      }
      return Effect.void
    }
    return taken((done) =>
      stdout.write(text, (error) => {
        if (error) lose(error)
        done()
      })
    )
  }
  return {
    out: (text) => loss === undefined ? Effect.andThen(send(`${text}\n`), unlessLost) : unlessLost,
    err: (text) => {
      if (!isErrGone) stderr.write(`${text}\n`)
    },
    isErrGone: () => isErrGone,
    loss: () => loss,
    lost: Deferred.await(lost)
  } satisfies Streams
})

/** Writes to a file as a whole: Node's own stream of a file drops what a full disk does not take of a text. */
export const wholeInto = (fd: number): Sinks["whole"] => {
  const stat = fstatSync(fd)
  const isFile = stat.isFile() || (stat.isCharacterDevice() && !isatty(fd))
  if (!isFile) return undefined
  return (bytes) => {
    for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from)
  }
}

/** What the system calls a failure. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EIO"

// internal

/** A reader that has gone. */
const unread = new Set(["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"])

const heard = (stream: Writable, call: (error?: unknown) => void) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      // Stays: Node ends a process with what nobody hears, also at its very end.
      if (!stream.listeners("error").includes(ignored)) stream.on("error", ignored)
      stream.on("error", call).on("close", call)
    }),
    () => Effect.sync(() => stream.off("error", call).off("close", call))
  )

const ignored = (): void => {}

/** Starts something at once, and returns what waits for its end. */
const taken = (start: (done: () => void) => void): Effect.Effect<void> => {
  let isDone = false
  let wake = (): void => {}
  start(() => {
    isDone = true
    wake()
  })
  return Effect.callback((resume) => {
    if (isDone) resume(Effect.void)
    else wake = () => resume(Effect.void)
  })
}

/**
 * Waits for the interruption that the loss of stdout brings. What can't be interrupted, such as the end of a command that was,
 * goes on.
 */
const interruption: Effect.Effect<void> = Effect.uninterruptibleMask((restore) => {
  const wait: Effect.Effect<void> = Effect.never
  const restored = restore(wait)
  return restored === wait ? Effect.void : restored
})
