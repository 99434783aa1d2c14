/**
 * Kills processes until that was done often enough, lets the last ones finish, and says what there is in the end.
 */
import type { Submission } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { type Ledger, Samples, type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Stream } from "effect"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Children from "./children.ts"
import * as Work from "./work.ts"

/** How the test is played. */
export interface Play {
  readonly seed: number
  readonly tasks: number
  readonly kills: number
  readonly faults: ReadonlyArray<Script.Line>
  readonly kind: Children.Kind
  /** How many processes work side by side, each killed at its own moments. */
  readonly atOnce: number
}

/** What became of it. */
export interface Outcome {
  readonly kills: number
  readonly starts: number
  /** Tasks of the store before anybody looked at the ledger. */
  readonly tasks: number
  /** Creates that the API has accepted until then. */
  readonly creates: number
  /** Videos of which the API has accepted more than one create until then. */
  readonly paidTwice: number
  /** Reported as ambiguous. */
  readonly ambiguous: number
  /** Videos whose create was not sent, since its process stood still for longer than its lease. */
  readonly unsent: number
  /** Tasks whose create had no answer, found by their reference. */
  readonly found: number
  /** Accepted creates that the store knows no task of. */
  readonly orphans: number
  /** Accepted creates that no task and no ambiguous submission stands for: money that nobody hears of. */
  readonly unaccounted: number
  /** Orphans of an API that could have been asked. */
  readonly unsought: number
  /** After the ambiguous ones were settled by the ledger: creates, tasks, successes, and whole files. */
  readonly finished: {
    readonly creates: number
    readonly tasks: number
    readonly successes: number
    readonly whole: number
    /** Lines of the report of a batch that tell of a success, with the file as it is. */
    readonly reported?: number
  }
  readonly open: number
}

/** The moments at which a process is killed follow from the seed. */
const dice = (seed: number) => {
  let state = seed >>> 0
  return () => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) / 2 ** 32
  }
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const sampleOf = (n: number): string => sha256(Samples.mp4(Samples.aspectRatio(Work.sizeOf(n))))

const isWhole = (place: Work.Place, n: number): boolean => {
  const file = Work.fileOf(place.out, n)
  return fs.existsSync(file) && sha256(fs.readFileSync(file)) === sampleOf(n)
}

/** Plays the whole of it over the simulator that is there. */
export const play = (options: Play, folder: string) =>
  Effect.gen(function*() {
    const { atOnce, kind } = options
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const simulator = yield* Simulator.Simulator
    const place = {
      filename: path.join(folder, "tasks.db"),
      baseUrl,
      out: path.join(folder, "out"),
      count: options.tasks
    }
    fs.mkdirSync(place.out)
    const child = { kind, file: yield* Effect.promise(() => Children.bundle(kind, folder)) }
    yield* simulator.script(options.faults)
    let [kills, starts] = [0, 0]
    const killed = Effect.fnUntraced(function*(worker: number) {
      const roll = dice(options.seed + worker)
      while (kills < options.kills) {
        starts++
        const from = roll() < 0.1 ? "start" : "ready"
        // As many tasks as there have been kills, in proportion: there is always something to be cut off.
        const upTo = Math.min(options.tasks, Math.ceil(options.tasks * (kills + 1) / options.kills))
        const afterMs = Math.floor(roll() * (from === "start" ? 900 : 600))
        if (yield* Children.live(child, place, upTo, { from, afterMs })) kills++
      }
    })
    const workers = Array.from({ length: atOnce }, (_, n) => n)
    yield* Effect.forEach(workers, killed, { concurrency: atOnce, discard: true })
    yield* Effect.forEach(workers, () => Children.live(child, place, options.tasks), { concurrency: atOnce })
    starts += atOnce
    return yield* judge(child, place, { kills, starts }).pipe(Effect.provide(Work.layer(place)))
  })

const judge = (child: Children.Child, place: Work.Place, counts: Pick<Outcome, "kills" | "starts">) =>
  Effect.gen(function*() {
    const store = yield* TaskStore.TaskStore
    const tasks = yield* VideoTasks.VideoTasks
    const simulator = yield* Simulator.Simulator
    const { creates } = yield* simulator.ledger
    const all = yield* Stream.runCollect(tasks.submissions())
    const kept = yield* Stream.runCollect(tasks.list())
    const orphans = without(creates, kept)
    const isAmbiguous = Stream.runCollect(tasks.submissions({ outcome: "ambiguous" }))
    const ambiguous = yield* isAmbiguous
    const settle = Effect.fnUntraced(function*(left: ReadonlyArray<Submission.Submission>) {
      const lost = without((yield* simulator.ledger).creates, yield* Stream.runCollect(tasks.list()))
      for (const submission of left) {
        const create = lost.find(({ model }) => model === submission.model)
        yield* tasks.resolve(submission.id, create === undefined ? "discard" : { remoteId: create.taskId })
      }
      yield* Children.live(child, place, place.count)
    })
    // A batch makes anew what was discarded, and an answer may be lost then, too.
    for (let left = ambiguous; left.length > 0; left = yield* isAmbiguous) yield* settle(left)
    const ended = yield* Stream.runCollect(tasks.list())
    const after = yield* simulator.ledger
    const numbers = Array.from({ length: place.count }, (_, n) => n)
    const made = new Set(after.creates.map(({ model }) => model))
    const open = yield* Effect.forEach(["pending", "ambiguous"] as const, (outcome) => store.submissions({ outcome }))
    const known = new Set(ambiguous.map(({ model }) => model))
    const rejected = all.filter(({ model, outcome }) =>
      outcome._tag === "rejected" && !known.has(model) && !kept.some((task) => task.model === model)
    )
    const outcome: Outcome = {
      ...counts,
      tasks: kept.length,
      creates: creates.length,
      paidTwice: creates.length - new Set(creates.map(({ model }) => model)).size,
      ambiguous: ambiguous.length,
      unsent: new Set(rejected.map(({ model }) => model)).size,
      // Such a task begins with its submission, any other with its answer.
      found: kept.filter((task) => all.some((one) => one.id === task.id && one.startedAt === task.createdAt)).length,
      orphans: orphans.length,
      unaccounted: orphans.filter(({ model }) => !known.has(model)).length,
      unsought: numbers.filter((n) => Work.isKling(n) && orphans.some(({ model }) => model === Work.modelOf(n))).length,
      finished: {
        creates: after.creates.length,
        tasks: ended.length,
        successes: ended.filter((task) => task.status === "SUCCESS").length,
        whole: numbers.filter((n) => made.has(Work.modelOf(n)) && isWhole(place, n)).length,
        ...(child.kind === "batch" ? { reported: reported(place) } : {})
      },
      open: open.flatMap((page) => page.items).length
    }
    return outcome
  })

/** The creates that none of the tasks came of. */
const without = (
  creates: ReadonlyArray<Ledger.Create>,
  tasks: ReadonlyArray<{ readonly handle: { readonly remoteId: string } }>
): ReadonlyArray<Ledger.Create> => {
  const known = new Set(tasks.map(({ handle }) => handle.remoteId))
  return creates.filter(({ taskId }) => !known.has(taskId))
}

interface Line {
  readonly line: number
  readonly status: string | null
  readonly files: ReadonlyArray<unknown>
}

const reported = (place: Work.Place): number => {
  const text = fs.readFileSync(Children.reportOf(place), "utf8").trimEnd()
  const lines = text.split("\n").map((line): Line => JSON.parse(line))
  const bad = lines.filter(({ files, line, status }) => {
    const file = Work.fileOf(place.out, line - 1)
    if (status !== "SUCCESS" || !fs.existsSync(file)) return true
    const expected = { path: file, bytes: fs.statSync(file).size, sha256: sampleOf(line - 1) }
    return JSON.stringify(files) !== JSON.stringify([expected])
  })
  for (const line of bad) process.stdout.write(`${JSON.stringify(line)}\n`)
  return lines.length - bad.length
}
