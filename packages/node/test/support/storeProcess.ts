/**
 * A process of its own on an SQLite store, and its program: says on standard output what the store has confirmed.
 */
import { SqliteTaskStore } from "@video-tasks/node"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as readline from "node:readline"
import * as Tasks from "./storeTasks.ts"

/** `append FIRST COUNT` lives through tasks one after the other; `claim OWNER` claims until nothing is left;
 * `refused` says why the store can't be opened, to somebody who is not root. */
export type Orders =
  | readonly ["append", first: number, count: number]
  | readonly ["claim", owner: string]
  | readonly ["refused"]

export interface StoreProcess {
  readonly child: ChildProcess
  readonly lines: Array<string>
  /** Its exit code, or `null` when it was killed. */
  readonly ended: Promise<number | null>
}

/** Starts one; `onLine` hears of each line at once. */
export const start = (filename: string, orders: Orders, onLine: (line: string) => void = () => {}): StoreProcess => {
  const child = spawn(process.execPath, [import.meta.filename, filename, ...orders.map(String)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const lines: Array<string> = []
  const read = readline.createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line)
    onLine(line)
  })
  const closed = new Promise<void>((resolve) => read.once("close", () => resolve()))
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)))
  return { child, lines, ended: closed.then(() => exited) }
}

// The program

/** At once, and in one piece: what is said was confirmed before. */
const say = (line: string) => Effect.sync(() => fs.writeSync(1, `${line}\n`))

const append = (first: number, count: number) =>
  Effect.gen(function*() {
    for (let n = first; n < first + count; n++) {
      yield* Tasks.begin(n)
      yield* say(`${n} 0`)
      yield* Effect.flatMap(Tasks.make(n), (version) => say(`${n} ${version}`))
      for (const progress of [10, 50, 90]) {
        yield* Effect.flatMap(Tasks.advance(n, Tasks.progressed(progress)), (version) => say(`${n} ${version}`))
      }
      yield* Effect.flatMap(Tasks.advance(n, Tasks.succeeded), (version) => say(`${n} ${version}`))
    }
  })

const claim = (owner: string) =>
  Effect.gen(function*() {
    const store = yield* TaskStore.TaskStore
    for (;;) {
      const claimed = yield* store.claim(owner, 7, 10_000, 5000)
      for (const one of claimed) yield* say(one.snapshot.task.id)
      if (claimed.length === 0) break
    }
  })

const refused = (filename: string) =>
  Effect.gen(function*() {
    // Who may write everything is never refused.
    if (process.geteuid?.() === 0) process.seteuid?.(65_534)
    const error = yield* Effect.flip(Effect.scoped(Layer.build(SqliteTaskStore.layer({ filename }))))
    yield* say(JSON.stringify({ detail: error.detail, retryable: error.retryable }))
  })

if (import.meta.main) {
  const [filename = "", order, first = "", count = ""] = process.argv.slice(2)
  const store = SqliteTaskStore.layer({ filename, busyTimeout: "20 seconds" })
  if (order === "refused") await Effect.runPromise(refused(filename))
  else if (order === "claim") await Effect.runPromise(Effect.provide(claim(first), store))
  else await Effect.runPromise(Effect.provide(append(Number(first), Number(count)), store))
}
