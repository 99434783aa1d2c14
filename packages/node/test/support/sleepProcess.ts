/**
 * A process of its own that is put to sleep in the middle of its work, the one that takes over from it, and their program:
 * each says on standard output what it asks of the provider and what it hears.
 */
import { Observation, TaskHandle, Video, VideoProvider, VideoProviders, VideoTaskError } from "@video-tasks/core"
import { SqliteTaskStore } from "@video-tasks/node"
import { VideoTasks } from "@video-tasks/runtime"
import { Effect, Layer, Logger, Redacted } from "effect"
import * as fs from "node:fs"
import * as FollowProcess from "./followProcess.ts"

/**
 * `follows` makes tasks, tracks the first half of them, waits for the others, and reads slowly; `sends` submits one
 * that the API asks to come again in seconds; `hears` submits one whose answer takes seconds; `takes` goes on with what
 * others leave: reads say that odd tasks have ended and even ones have come to the half.
 */
export type Role = "follows" | "sends" | "hears" | "takes"

export const tasks = 8

export const start = (filename: string, role: Role): FollowProcess.FollowProcess =>
  FollowProcess.run(import.meta.filename, [filename, role])

// The program

/** At once, and in one piece. */
const say = (line: string) => Effect.sync(() => fs.writeSync(1, `${line}\n`))

const running = (progress: number) => new Observation.Observation({ status: "IN_PROGRESS", progress, videos: [] })

const video = new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4") })

const created = (remoteId: string): VideoProvider.Created => ({
  handle: new TaskHandle.TaskHandle({
    provider: "double",
    family: "double",
    remoteId,
    baseUrl: "https://double.invalid",
    account: "default"
  }),
  observation: new Observation.Observation({ status: "SUBMITTED", remoteId, videos: [] })
})

const busy = VideoTaskError.make({
  provider: "double",
  operation: "create",
  reason: new VideoTaskError.RateLimited({ detail: "HTTP 429", retryAfterMs: 4000 })
})

const providerOf = (role: Role) => {
  let made = 0
  return VideoProvider.double({
    family: { canFindCreated: role === "hears" || role === "takes" },
    create: (_, { reference } = {}) =>
      Effect.gen(function*() {
        const remoteId = role === "hears" ? `of-${reference}` : String(++made)
        yield* say(`creates ${remoteId}`)
        if (role === "sends" && made === 1) return yield* Effect.fail(busy)
        if (role === "hears") yield* Effect.sleep("2 seconds")
        return created(remoteId)
      }),
    findByTrace: (_, { reference }) => Effect.as(say(`looks for ${reference}`), created(`of-${reference}`)),
    observe: ({ remoteId }) =>
      Effect.gen(function*() {
        yield* say(`reads ${remoteId}`)
        if (role !== "takes") yield* Effect.sleep("300 millis")
        if (role !== "takes") return running(10)
        return Number(remoteId) % 2 === 1
          ? new Observation.Observation({ status: "SUCCESS", videos: [video] })
          : running(50)
      })
  })
}

const request = { provider: "double", family: "double", model: "m", prompt: "a fox" }

const program = (role: Role) =>
  Effect.gen(function*() {
    const service = yield* VideoTasks.VideoTasks
    const told = Effect.matchEffect(service.submit(request), {
      onFailure: ({ reason }) => say(`failed ${reason._tag}`),
      onSuccess: ({ remoteId }) => say(`created ${remoteId}`)
    })
    if (role === "takes") yield* service.resume()
    if (role === "hears" || role === "sends") yield* told
    if (role === "follows") {
      for (let n = 1; n <= tasks; n++) {
        const handle = yield* service.submit(request)
        if (n <= tasks / 2) yield* service.track(handle)
        else {
          yield* Effect.forkChild(
            Effect.flatMap(service.awaitEnd(handle, { yields: true }), ({ status }) => say(`ended ${n} ${status}`))
          )
        }
      }
    }
    return yield* Effect.never
  })

if (import.meta.main) {
  const [filename = "", role = "takes"] = process.argv.slice(2)
  const layer = VideoTasks.layer({
    lease: FollowProcess.leaseMs,
    poll: { floor: "100 millis", ceiling: "200 millis" }
  }).pipe(
    Layer.provide(SqliteTaskStore.layer({ filename, busyTimeout: "20 seconds" })),
    Layer.provide(Layer.effect(VideoProviders.VideoProviders, VideoProviders.make([providerOf(role as Role)])))
  )
  await Effect.runPromise(Effect.provide(program(role as Role), Layer.merge(layer, Logger.layer([]))))
}
