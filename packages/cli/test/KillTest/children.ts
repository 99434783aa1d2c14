/**
 * The processes that are killed: how each kind is started, and killed at its moment.
 */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as readline from "node:readline"
import { build } from "vite"
import * as Work from "./work.ts"

/** Workers over the library, or the command `batch`. */
export type Kind = "worker" | "batch"

/** When a child is killed. */
export interface Moment {
  readonly from: "start" | "ready"
  readonly afterMs: number
}

/** A child that can be started. */
export interface Child {
  readonly kind: Kind
  /** What Node runs. */
  readonly file: string
}

/** What is started. */
interface Start {
  readonly args: ReadonlyArray<string>
  readonly env: Readonly<Record<string, string>>
  /** The codes with which it may end by itself. */
  readonly codes: ReadonlyArray<number>
}

/** The report of a batch. */
export const reportOf = (place: Work.Place): string => path.join(path.dirname(place.filename), "report.jsonl")

const entries: Record<Kind, string> = { worker: "worker.ts", batch: "batchCommand.ts" }

/** Bundles a kind of child, since one from its sources spends most of its life with starting; gives the file. */
export const bundle = async (kind: Kind, folder: string): Promise<string> => {
  await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: "warn",
    ssr: { noExternal: true },
    build: {
      ssr: entries[kind],
      outDir: folder,
      emptyOutDir: false,
      target: "node22",
      rolldownOptions: { output: { format: "esm", entryFileNames: "child.mjs", codeSplitting: false } }
    }
  })
  return path.join(folder, "child.mjs")
}

const starts: Record<Kind, (place: Work.Place, upTo: number) => Start> = {
  worker: ({ baseUrl, count, filename, out }, upTo) => ({
    args: [filename, baseUrl, out, String(count), String(upTo)],
    env: {},
    codes: [0]
  }),
  batch: (place, upTo) => {
    const lines = path.join(path.dirname(place.filename), "lines.jsonl")
    const text = Array.from({ length: upTo }, (_, n) => `${JSON.stringify(Work.lineOf(n))}\n`).join("")
    // At once: another batch may be about to read it.
    fs.writeFileSync(`${lines}.new`, text)
    fs.renameSync(`${lines}.new`, lines)
    const flags = { "--store": place.filename, "--output": place.out, "--report": reportOf(place) }
    return {
      args: ["batch", lines, "--quiet", "-c", "64", ...Object.entries(flags).flat()],
      env: {
        COMETAPI_KEY: "sk-kill-1234567890",
        COMETAPI_BASE_URL: place.baseUrl,
        OPENAI_API_KEY: "sk-kill-1234567890",
        OPENAI_BASE_URL: `${place.baseUrl}/openai`
      },
      // What is ambiguous has a code of its own, and 14 says that lines have different ones.
      codes: [0, 9, 14]
    }
  }
}

/** Runs a child that makes so many tasks; without a moment it lives until everything is done. Says whether it was killed. */
export const live = Effect.fnUntraced(
  function*({ file, kind }: Child, place: Work.Place, upTo: number, moment?: Moment) {
    const { args, codes, env } = starts[kind](place, upTo)
    const places = { HOME: place.out, XDG_DATA_HOME: place.out }
    const child = spawn(process.execPath, [file, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      cwd: path.dirname(place.filename),
      env: { PATH: "", ...places, ...env }
    })
    const lines: Array<string> = []
    const read = readline.createInterface({ input: child.stdout })
    const ready = new Promise<void>((resolve) => {
      read.on("line", (line) => {
        lines.push(line)
        if (line === "ready") resolve()
      })
    })
    let errors = ""
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      errors += chunk
    })
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
    if (moment !== undefined) {
      if (moment.from === "ready") yield* Effect.promise(() => Promise.race([ready, ended]))
      yield* Effect.sleep(moment.afterMs)
      child.kill("SIGKILL")
    }
    const code = yield* Effect.promise(() => ended)
    if (code !== null && !codes.includes(code)) {
      return yield* Effect.die(new Error(`a ${kind} ended with ${code}: ${lines.join(" | ")}\n${errors}`))
    }
    return code === null
  }
)
