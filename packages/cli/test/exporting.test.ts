import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Submission, TaskHandle, TaskId, TaskMachine } from "@video-tasks/core"
import { TaskStore } from "@video-tasks/runtime"
import { Effect, Layer } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { exportTo } from "../src/internal/exporting.ts"
import { importFrom } from "../src/internal/importing.ts"
import * as Reporter from "../src/internal/reporter.ts"
import { emptyFolder } from "./utils/command.ts"
import { recorded } from "./utils/screen.ts"
import * as Tasks from "./utils/tasks.ts"

const idOf = (n: number) => TaskId.TaskId.make(`00000000-0000-7000-8000-00000000000${n}`)

const handleOf = (n: number) => TaskHandle.TaskHandle.make({ ...Tasks.handle, remoteId: `task_${n}` })

const submission = (n: number, outcome: Submission.Outcome) =>
  new Submission.Submission({
    id: idOf(n),
    provider: "cometapi",
    family: "seedance",
    model: "m",
    account: "default",
    requestHash: "ab",
    startedAt: n,
    owner: "them",
    outcome
  })

const made = Effect.fnUntraced(function*(n: number) {
  const store = yield* TaskStore.TaskStore
  const created = { type: "task.created", at: n, id: idOf(n), handle: handleOf(n), model: "m" } as const
  yield* store.begin(submission(n, { _tag: "pending" }))
  yield* store.append(idOf(n), 0, [created], { snapshot: TaskMachine.persist(TaskMachine.initial(created)) })
})

const { layer, screen } = recorded()

const services = Layer.mergeAll(
  layer,
  Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: false, quiet: true })),
  NodeServices.layer
)

/** Works over a new store. */
const over = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.provide(work, TaskStore.layerMemory, { local: true })

/** A file with an export of three tasks and one open create, and one that has so many lines of it. */
const exported = Effect.gen(function*() {
  const folder = emptyFolder()
  const file = path.join(folder, "e.jsonl")
  yield* over(Effect.gen(function*() {
    for (const n of [1, 2, 3]) yield* made(n)
    yield* TaskStore.TaskStore.use((store) => store.begin(submission(4, { _tag: "pending" })))
    yield* exportTo(file)
  }))
  const text = fs.readFileSync(file, "utf8")
  const write = (text: string) => {
    const file = path.join(folder, "part.jsonl")
    fs.writeFileSync(file, text)
    return file
  }
  return { file, text, lines: text.trimEnd().split("\n"), write }
})

const contents = Effect.gen(function*() {
  const store = yield* TaskStore.TaskStore
  const tasks = (yield* store.list({})).items.map(({ snapshot }) => snapshot.task.id)
  const creates = (yield* store.submissions({})).items.map(({ id, outcome }) => `${id.slice(-1)} ${outcome._tag}`)
  return { tasks: tasks.map((id) => id.slice(-1)).toSorted(), creates: creates.toSorted() }
})

const all = { tasks: ["1", "2", "3"], creates: ["1 created", "2 created", "3 created", "4 pending"] }

describe("an export", () => {
  it.effect("ends with the number of its lines, and is taken whole, once", () =>
    Effect.gen(function*() {
      const { file, lines } = yield* exported
      assert.deepStrictEqual([lines.length, lines.at(-1)], [9, "{\"type\":\"end\",\"lines\":7}"])
      yield* over(Effect.gen(function*() {
        for (const _ of [1, 2]) {
          yield* importFrom(file, { incomplete: false })
          assert.deepStrictEqual(yield* contents, all)
        }
      }))
    }).pipe(Effect.provide(services)))

  it.effect("is refused when it is cut off, with words that say how to take it all the same", () =>
    Effect.gen(function*() {
      const { lines, text, write } = yield* exported
      const older = lines.slice(0, -1).join("\n").replace("\"format\":2", "\"format\":1")
      for (
        const [cut, expected] of [
          [lines.slice(0, 4).join("\n"), /cut off/],
          [lines.slice(0, -1).join("\n"), /cut off/],
          [lines.toSpliced(3, 1).join("\n"), /cut off/],
          [text.slice(0, -40), /cut off/],
          [older, /older version/]
        ] as const
      ) {
        yield* over(Effect.gen(function*() {
          const file = write(cut)
          const problem = yield* Effect.flip(importFrom(file, { incomplete: false }))
          assert.match(problem.message, expected)
          assert.include(problem.hint?.join(), `import ${file} --incomplete`)
          assert.deepStrictEqual(yield* contents, { tasks: [], creates: [] })
          yield* importFrom(file, { incomplete: true })
          assert.isAbove((yield* contents).creates.length, 1)
        }))
      }
    }).pipe(Effect.provide(services)))

  it.effect("is refused for a broken line also where what is cut off may be taken", () =>
    Effect.gen(function*() {
      const { lines, write } = yield* exported
      const file = write([...lines.slice(0, 2), "{", ...lines.slice(2, 4)].join("\n"))
      const { message } = yield* Effect.flip(over(importFrom(file, { incomplete: true })))
      assert.include(message, "is broken")
    }).pipe(Effect.provide(services)))

  it.effect("is read with each create before its task, so that who is stopped has forgotten no create", () =>
    Effect.gen(function*() {
      const { lines, write } = yield* exported
      // Older exports have the tasks first.
      const [head, ...rest] = lines.slice(0, -1)
      const file = write([head, ...rest.toReversed(), lines.at(-1)].join("\n"))
      yield* over(Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        let appends = 0
        const stopping = TaskStore.TaskStore.of({
          ...store,
          append: (...args) => ++appends === 2 ? Effect.interrupt : store.append(...args)
        })
        const exit = yield* Effect.exit(
          Effect.provideService(importFrom(file, { incomplete: false }), TaskStore.TaskStore, stopping)
        )
        assert.strictEqual(exit._tag, "Failure")
        const { creates, tasks } = yield* contents
        assert.strictEqual(tasks.length, 1)
        assert.includeMembers(creates, tasks.map((id) => `${id} created`))
        yield* importFrom(file, { incomplete: false })
        assert.deepStrictEqual(yield* contents, all)
      }))
    }).pipe(Effect.provide(services)))
})
