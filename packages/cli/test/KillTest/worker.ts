/**
 * A process that may be killed at any moment: goes on with what is there, submits what is missing, and saves every video.
 * It ends by itself when nothing is left to do, and says on standard output when it is ready and when it is done. Others
 * may work beside it, on the same store and in the same folder.
 */
import { Task, type TaskId } from "@video-tasks/core"
import { Download, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Effect, Logger, Random, Stream } from "effect"
import * as fs from "node:fs"
import * as Work from "./work.ts"

const say = (line: string) => Effect.sync(() => fs.writeSync(1, `${line}\n`))

const isKnown = (id: TaskId.TaskId) =>
  TaskStore.TaskStore.use((store) => Effect.map(store.submission(id), (submission) => submission !== undefined))

/** An answer that was lost is reported by the store; it is not sent again. */
const submitMissing = (upTo: number) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    for (let n = 0; n < upTo; n++) {
      const id = Work.idOf(n)
      if (yield* isKnown(id)) continue
      yield* Effect.sleep(yield* Random.nextIntBetween(0, 150))
      yield* tasks.submit(Work.requestOf(n), { id, force: true }).pipe(
        Effect.flatMap((handle) => tasks.track(handle)),
        Effect.catchIf(
          (error) => error.reason._tag === "SubmissionAmbiguous",
          () => say(`ambiguous ${id}`)
        ),
        // On a busy machine a process can stand still for longer than its short lease.
        Effect.catchIf(
          (error) => error.reason._tag === "NotSent",
          () => say(`not sent ${id}`)
        ),
        // Another worker was faster.
        Effect.catchIf(
          (error) => error.reason._tag === "StoreError" && error.handle === undefined,
          (error) => Effect.flatMap(isKnown(id), (known) => known ? say(`theirs ${id}`) : Effect.fail(error))
        )
      )
    }
  })

/** Saves what is finished; `true` when that is everything. */
const save = (place: Work.Place) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    const all = yield* Stream.runCollect(tasks.list())
    const files = new Map(Array.from({ length: place.count }, (_, n) => [Work.idOf(n), Work.fileOf(place.out, n)]))
    const fileOf = ({ id }: Task.Task) => files.get(id) ?? ""
    const missing = all.filter((task): task is Task.Success =>
      task.status === "SUCCESS" && !fs.existsSync(fileOf(task))
    )
    const saved = yield* Effect.forEach(
      missing,
      (task) => Effect.isSuccess(Download.toFile(task, fileOf(task), { retries: 1 })),
      { concurrency: 4 }
    )
    const pending = yield* Stream.runCollect(tasks.submissions({ outcome: "pending" }))
    return all.every(Task.isEnded) && saved.every(Boolean) && pending.length === 0
  })

const work = (place: Work.Place, upTo: number) =>
  Effect.gen(function*() {
    const tasks = yield* VideoTasks.VideoTasks
    yield* say("ready")
    const { ambiguous, found } = yield* tasks.resume()
    yield* say(`resumed, found ${found.length}, ambiguous ${ambiguous.length}`)
    yield* Effect.all([
      submitMissing(upTo),
      Effect.gen(function*() {
        for (;;) {
          const known = (yield* Stream.runCollect(tasks.submissions())).length
          if ((yield* save(place)) && known === place.count) return
          yield* Effect.sleep(100)
        }
      })
    ], { concurrency: 2 })
    yield* say("done")
  })

const [filename = "", baseUrl = "", out = "", count = "", upTo = ""] = process.argv.slice(2)
const place = { filename, baseUrl, out, count: Number(count) }
await Effect.runPromise(
  work(place, Number(upTo)).pipe(
    Effect.provide(Work.layer(place)),
    Effect.tapError((error) => say(`failed: ${error.message}`)),
    Effect.provide(Logger.layer([]))
  )
)
