/**
 * Kills workers until they have been killed often enough, lets the last one finish, and says what there is in the end.
 */
import type { Submission } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { type Ledger, Samples, type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Stream } from "effect"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as readline from "node:readline"
import * as Work from "./work.ts"

/** How the test is played. */
export interface Play {
  readonly seed: number
  readonly tasks: number
  readonly kills: number
  readonly faults: ReadonlyArray<Script.Line>
}

/** What became of it. */
export interface Outcome {
  readonly kills: number
  readonly starts: number
  /** Tasks of the store before anybody looked at the ledger. */
  readonly tasks: number
  /** Creates that the API has accepted. */
  readonly creates: number
  /** Reported as ambiguous in the end. */
  readonly ambiguous: number
  /** Tasks whose create had no answer, found by their reference. */
  readonly found: number
  /** Accepted creates that the store knows no task of. */
  readonly orphans: number
  /** Accepted creates that no task and no ambiguous submission stands for: money that nobody hears of. */
  readonly unaccounted: number
  /** Orphans of an API that could have been asked. */
  readonly unsought: number
  /** After the ambiguous ones were settled by the ledger: tasks, successes, and whole files. */
  readonly finished: { readonly tasks: number; readonly successes: number; readonly whole: number }
  readonly open: number
}

/** The moments at which a worker is killed follow from the seed. */
const dice = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32
  }
}

/** When a worker is killed. */
interface Plan {
  readonly from: "start" | "ready"
  readonly afterMs: number
}

/** Runs a worker that makes so many tasks; without a plan it lives until everything is done. */
const live = Effect.fnUntraced(function*(place: Work.Place, upTo: number, plan?: Plan) {
  const { baseUrl, count, filename, out } = place
  const worker = path.join(import.meta.dirname, "worker.ts")
  const child = spawn(process.execPath, [worker, filename, baseUrl, out, String(count), String(upTo)], {
    stdio: ["ignore", "pipe", "inherit"]
  })
  const lines: Array<string> = []
  const read = readline.createInterface({ input: child.stdout })
  const ready = new Promise<void>((resolve) => {
    read.on("line", (line) => {
      lines.push(line)
      if (line === "ready") resolve()
    })
  })
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  if (plan !== undefined) {
    if (plan.from === "ready") yield* Effect.promise(() => Promise.race([ready, ended]))
    yield* Effect.sleep(plan.afterMs)
    child.kill("SIGKILL")
  }
  return { code: yield* Effect.promise(() => ended), lines }
})

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const isWhole = (place: Work.Place, n: number): boolean => {
  const file = path.join(place.out, `${Work.idOf(n)}.mp4`)
  return fs.existsSync(file) &&
    sha256(fs.readFileSync(file)) === sha256(Samples.mp4(Samples.aspectRatio(Work.sizeOf(n))))
}

const modelOf = (n: number) => Work.requestOf(n).model

/** Which ambiguous submission a create belongs to: submits follow each other, so it is the last one begun before. */
const ownerOf = (
  create: Ledger.Create,
  all: ReadonlyArray<Submission.Submission>
): Submission.Submission | undefined => {
  const last = all.filter((one) => one.startedAt <= create.at).toSorted((a, b) => b.startedAt - a.startedAt)[0]
  return last?.outcome._tag === "ambiguous" && last.model === create.model ? last : undefined
}

/** Plays the whole of it over the simulator that is there. */
export const play = (options: Play, folder: string) =>
  Effect.gen(function*() {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const simulator = yield* Simulator.Simulator
    const place = {
      filename: path.join(folder, "tasks.db"),
      baseUrl,
      out: path.join(folder, "out"),
      count: options.tasks
    }
    fs.mkdirSync(place.out)
    yield* simulator.script(options.faults)
    const roll = dice(options.seed)
    let [kills, starts] = [0, 0]
    while (kills < options.kills) {
      starts++
      const from = roll() < 0.1 ? "start" : "ready"
      // As many tasks as there have been kills, in proportion: there is always something to be cut off.
      const upTo = Math.ceil(options.tasks * (kills + 1) / options.kills)
      const afterMs = Math.floor(roll() * (from === "start" ? 900 : 600))
      const { code, lines } = yield* live(place, upTo, { from, afterMs })
      if (code === null) kills++
      if (code !== null && code !== 0) return yield* Effect.die(new Error(`a worker failed: ${lines.join(" | ")}`))
    }
    const last = yield* live(place, options.tasks)
    if (last.code !== 0) return yield* Effect.die(new Error(`the last worker failed: ${last.lines.join(" | ")}`))
    return yield* judge(place, { kills, starts: starts + 1 }, yield* simulator.ledger).pipe(
      Effect.provide(Work.layer(place))
    )
  })

const judge = (place: Work.Place, counts: Pick<Outcome, "kills" | "starts">, ledger: Ledger.Ledger) =>
  Effect.gen(function*() {
    const store = yield* TaskStore.TaskStore
    const tasks = yield* VideoTasks.VideoTasks
    const all = yield* Stream.runCollect(tasks.submissions())
    const kept = yield* Stream.runCollect(tasks.list())
    const known = new Set(kept.map((task) => task.handle.remoteId))
    const orphans = ledger.creates.filter((create) => !known.has(create.taskId))
    const owners = orphans.map((create) => ownerOf(create, all))
    const ambiguous = all.filter((one) => one.outcome._tag === "ambiguous")
    for (const submission of ambiguous) {
      const create = orphans[owners.findIndex((owner) => owner?.id === submission.id)]
      yield* tasks.resolve(submission.id, create === undefined ? "discard" : { remoteId: create.taskId })
    }
    const { code, lines } = yield* live(place, place.count)
    if (code !== 0) return yield* Effect.die(new Error(`the worker after the settlement failed: ${lines.join(" | ")}`))
    const ended = yield* Stream.runCollect(tasks.list())
    const numbers = Array.from({ length: place.count }, (_, n) => n)
    const made = numbers.filter((n) => ended.some((task) => task.id === Work.idOf(n)))
    const open = yield* Effect.forEach(["pending", "ambiguous"] as const, (outcome) => store.submissions({ outcome }))
    const outcome: Outcome = {
      ...counts,
      tasks: kept.length,
      creates: ledger.creates.length,
      ambiguous: ambiguous.length,
      // Such a task begins with its submission, any other with its answer.
      found: kept.filter((task) => all.some((one) => one.id === task.id && one.startedAt === task.createdAt)).length,
      orphans: orphans.length,
      unaccounted: orphans.length - new Set(owners.flatMap((owner) => owner === undefined ? [] : [owner.id])).size,
      unsought: orphans.filter((create) => create.model === modelOf(0)).length,
      finished: {
        tasks: ended.length,
        successes: ended.filter((task) => task.status === "SUCCESS").length,
        whole: made.filter((n) => isWhole(place, n)).length
      },
      open: open.flatMap((page) => page.items).length
    }
    return outcome
  })
