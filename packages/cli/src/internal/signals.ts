/**
 * The process around the command: which signals end it, and with which exit code.
 */
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { readFileSync } from "node:fs"
import process from "node:process"

/** How the process ends. */
export const Ending = Context.Reference<{
  /** From now on a signal ends the command with 0: it is how it is meant to end. A second one ends it at once. */
  readonly stopsWell: Effect.Effect<void>
}>("video-tasks/internal/Ending", { defaultValue: () => ({ stopsWell: Effect.void }) })

/**
 * Runs a command as this process. SIGINT, SIGTERM and SIGHUP interrupt it, and what was written goes out before the process
 * exits.
 */
export const runMain = <E>(command: Effect.Effect<void, E>): void => {
  const state: State = { isStopping: false, stopsWell: false }
  const stopsWell = Effect.sync(() => {
    state.stopsWell = true
  })
  runner(state)(Effect.provideService(command, Ending, { stopsWell }), { disableErrorReporting: true })
}

/**
 * Whether whoever started this process wanted it to outlive its terminal. Node hears SIGHUP again where `nohup` or a shell with
 * `trap "" HUP` had it ignored, and forgets that they had: what is left is the name of the program that shells put into `_`, and
 * the shell itself.
 */
export const ignoresHangup = (startedBy: string, parent: string | number): boolean => {
  if (/(?:^|\/)nohup$/.test(startedBy)) return true
  try {
    const [, ignored = "0"] = /^SigIgn:\s*([\da-f]+)$/m.exec(readFileSync(`/proc/${parent}/status`, "latin1")) ?? []
    // SIGHUP is the first of all signals.
    return Number.parseInt(ignored.slice(-1), 16) % 2 === 1
  } catch {
    // Another system.
    return false
  }
}

// internal

interface State {
  /** Whether a signal has come. */
  isStopping: boolean
  stopsWell: boolean
}

const runner = (state: State) =>
  Runtime.makeRunMain(({ fiber }) => {
    const stop = (): void => {
      state.isStopping = true
      fiber.interruptUnsafe(fiber.id)
    }
    // A terminal that closes may say so twice, and systemd says it after SIGTERM: it never counts as the second signal.
    const onSignal = (): void => {
      if (state.isStopping && state.stopsWell) process.exit(130)
      stop()
    }
    const isKept = ignoresHangup(Effect.runSync(startedBy), process.ppid)
    const onHangup = isKept ? nothing : stop
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal).on("SIGHUP", onHangup)
    fiber.addObserver((exit) => {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal)
      if (!isKept) process.off("SIGHUP", onHangup)
      Runtime.defaultTeardown(exit, (ended) => {
        const code = ended === 130 && state.stopsWell ? 0 : ended
        flushed(() => {
          if (state.isStopping || code !== 0) process.exit(code)
        })
      })
    })
  })

const nothing = (): void => {}

/** The program that a shell started. */
const startedBy = Config.String("_").parse(ConfigProvider.fromEnv()).pipe(Effect.orElseSucceed(() => ""))

/** Waits until both streams have taken what was written. */
const flushed = (call: () => void): void => {
  process.stdout.write("", () => process.stderr.write("", call))
}
