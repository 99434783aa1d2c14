/**
 * Writes an export.
 */
import { TaskStore } from "@video-tasks/runtime/TaskStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Format from "./exportFormat.ts"
import { isSame } from "./place.ts"
import { type Problem, unwritten, usage } from "./problem.ts"
import { Reporter } from "./reporter.ts"
import { Screen } from "./screen.ts"
import * as Store from "./store.ts"
import * as StoreReads from "./storeReads.ts"
import { codeOf } from "./streams.ts"

/** Refuses to write over the store that is exported. */
export const checkOutput = Effect.fnUntraced(function*(output: string) {
  const store = yield* Store.file
  if (store !== undefined && (yield* isSame(output, store))) {
    return yield* usage(`${output} is the store itself. Name another file.`)
  }
})

/** Writes to a file, which appears when it is whole, or to stdout. */
export const exportTo = Effect.fnUntraced(function*(output: string | undefined, options: Format.SecretOptions = {}) {
  const screen = yield* Screen
  const reporter = yield* Reporter
  const at = yield* Clock.currentTimeMillis
  const head = JSON.stringify({ type: "export", format: Format.format, at } satisfies typeof Format.Head.Type)
  let count = 0
  const counted = Stream.map(lines(options), (line) => {
    count++
    return line
  })
  const end = Effect.sync(() => JSON.stringify({ type: "end", lines: count } satisfies typeof Format.End.Type))
  const all = Stream.succeed(head).pipe(Stream.concat(counted), Stream.concat(Stream.fromEffect(end)))
  if (output === undefined) return yield* Stream.runForEach(all, screen.out)
  const fs = yield* FileSystem.FileSystem
  const part = `${output}.part`
  const bytes = Stream.encodeText(Stream.map(all, (line) => `${line}\n`))
  yield* Stream.run(bytes, fs.sink(part, { mode: 0o600 })).pipe(
    Effect.andThen(fs.rename(part, output)),
    Effect.onError(() => Effect.ignore(fs.remove(part, { force: true }))),
    Effect.catchTag("PlatformError", ({ reason }) =>
      Effect.fail(
        reason._tag === "Unknown"
          ? unwritten(`The file ${output}`, codeOf(reason.cause))
          : usage(`The file ${output} cannot be written.`)
      ))
  )
  yield* reporter.note(`Wrote ${count} ${count === 1 ? "line" : "lines"} to ${output}.`)
})

// internal

const encode = Schema.encodeEffect(Schema.fromJsonString(Format.Line))

const written = (line: Format.Line): Effect.Effect<string> => Effect.orDie(encode(line))

/** Creates come first: one that comes to a task meanwhile is then exported as open, and becomes settled with its task. */
const lines = (options: Format.SecretOptions): Stream.Stream<string, Problem, TaskStore> =>
  Stream.concat(
    Stream.mapEffect(
      StoreReads.submissions(),
      (submission) => written({ type: "submission", submission: Format.withoutSecretsIn(submission, options) })
    ),
    Stream.mapEffect(
      StoreReads.tasks({}),
      Effect.fnUntraced(function*({ snapshot }) {
        const store = yield* TaskStore
        const { id } = snapshot.task
        const [first, ...rest] = (yield* StoreReads.reading(store.events(id))).map(Format.withoutSecrets)
        // Removed by another process a moment ago.
        return first === undefined ? "" : yield* written({ type: "task", id, events: [first, ...rest] })
      })
    )
  ).pipe(Stream.filter((line) => line !== ""))
