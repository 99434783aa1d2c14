import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import process from "node:process"
import { inject } from "vitest"

/** What a run of the command left behind. */
export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** How to run the command. */
export interface RunOptions {
  /** The whole environment, but for what Node itself needs. */
  readonly env?: Readonly<Record<string, string>>
  /** The current folder; an empty one by default. */
  readonly cwd?: string
  /** The folder of the user's data, where the store is; an empty one by default. */
  readonly data?: string
  /** Sends a signal as soon as a stream has printed a text, or a promise is kept. */
  readonly interrupt?: { readonly when: string | (() => Promise<unknown>); readonly signal: NodeJS.Signals }
  /** Called after each piece of output, with all of it. */
  readonly onOutput?: (output: string) => void
}

const cli = path.resolve(import.meta.dirname, "../..")

/** Runs a file of Node as the command. */
export const run = (file: string, args: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ran> =>
  started(process.execPath, [file, ...args], options)

/**
 * Runs a line of the shell, in which `vt` is the command and `3` a pipe whose reader has gone. `codes` are those that the
 * command ended with.
 */
export const shell = async (
  file: string,
  line: string,
  options: RunOptions = {}
): Promise<Ran & { readonly codes: ReadonlyArray<number> }> => {
  const [codes, pipe] = [path.join(emptyFolder(), "codes"), path.join(emptyFolder(), "pipe")]
  const script = `
    vt() { "$NODE" "$FILE" "$@"; echo $? >> "$CODES"; }
    mkfifo "$GONE"; true < "$GONE" & exec 3> "$GONE"; wait $!
    ${line}`
  const env = {
    PATH: process.env["PATH"] ?? "",
    NODE: process.execPath,
    FILE: file,
    CODES: codes,
    GONE: pipe,
    ...options.env
  }
  const ran = await started("/bin/sh", ["-c", script], { ...options, env })
  const told = fs.existsSync(codes) ? fs.readFileSync(codes, "utf8").trim().split("\n") : []
  return { ...ran, codes: told.map(Number) }
}

/** Runs a program. */
export const started = (program: string, args: ReadonlyArray<string>, options: RunOptions): Promise<Ran> =>
  new Promise((resolve, reject) => {
    const cwd = options.cwd ?? emptyFolder()
    // Without a place of its own a run would keep its tasks where the user of this machine does.
    const places = { HOME: cwd, XDG_DATA_HOME: options.data ?? emptyFolder(), APPDATA: "" }
    const child = spawn(program, [...args], { cwd, env: { PATH: "", ...places, ...options.env } })
    let [stdout, stderr, sent] = ["", "", false]
    const look = () => {
      options.onOutput?.(stdout + stderr)
      const { interrupt } = options
      if (typeof interrupt?.when !== "string" || sent || !(stdout + stderr).includes(interrupt.when)) return
      sent = true
      child.kill(interrupt.signal)
    }
    if (typeof options.interrupt?.when === "function") {
      const { signal, when } = options.interrupt
      when().then(() => child.kill(signal), reject)
    }
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk
      look()
    })
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk
      look()
    })
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
  })

/** The command as it is published. */
export const bundled = (): { readonly file: string } => ({ file: inject("command") })

/** A new folder with nothing in it. */
export const emptyFolder = (): string => fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-"))

/** One JSON line, as far as tests read it. */
export interface Line {
  readonly type: string
  readonly id?: string
  readonly handle?: string | null
  readonly remoteId?: string | null
  readonly status?: string | null
  readonly line?: number
  readonly events?: ReadonlyArray<{ readonly trace?: string }>
  readonly seconds?: unknown
  readonly price?: unknown
  readonly refused?: unknown
  readonly request?: unknown
  readonly minImages?: unknown
  readonly maxImages?: unknown
  readonly maxPromptLength?: unknown
  readonly promptIsOptional?: unknown
  readonly task: {
    readonly status: string
    readonly cost?: unknown
    readonly estimate?: unknown
    readonly remoteId: string
    readonly videos: readonly [{ readonly url: string }]
  }
  readonly files: readonly [{ readonly bytes: number }]
  readonly error: { readonly reason: string; readonly message: string; readonly hint?: ReadonlyArray<string> }
}

/** The command from its sources. */
export const sources = path.join(cli, "src/bin.ts")

/** Reads JSON lines; anything else on stdout throws. */
export const lines = (ran: Ran): ReadonlyArray<Line> =>
  ran.stdout.split("\n").filter((line) => line !== "").map((line): Line => JSON.parse(line))
