/**
 * The engines of the buckets that this runner owns, while it owns them.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import type { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { type Begun, NotHere } from "./wire.ts"

/** How long a door waits for the engine behind it, which may be about to start, in ms. */
const startMs = 2000

/** A submit that is being done. */
interface Submit {
  readonly attempt: string
  readonly fiber: Fiber.Fiber<TaskHandle, VideoTaskError | Begun | NotHere>
}

/** @internal */
export interface Engine {
  readonly bucket: number
  readonly tasks: VideoTasks["Service"]
  readonly store: TaskStore["Service"]
  /** Where commands run: it closes when they have had their time. */
  readonly scope: Scope.Scope
  readonly submits: Map<TaskId, Submit>
  /** The commands that are being done. */
  readonly work: Work
  /** The submits whose intent is in the store, or about to be: their creates may be out. */
  readonly begun: Set<TaskId>
  /** Done when the bucket is being given up: from then on nothing is read, and no create gets its turn. */
  readonly closing: Deferred.Deferred<void>
  /** Whether somebody else has taken the bucket. */
  readonly isLost: Effect.Effect<boolean>
}

interface Place {
  engine: Engine | undefined
  isClosing: boolean
  changed: Deferred.Deferred<void>
}

/**
 * What is being done.
 *
 * @internal
 */
export class Work {
  #count = 0
  #idle = Deferred.makeUnsafe<void>()

  run<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      this.#count++
      return Effect.ensuring(effect, Effect.sync(() => this.#over()))
    })
  }

  /** Waits until nothing is being done. */
  readonly idle: Effect.Effect<void> = Effect.suspend(() =>
    this.#count === 0 ? Effect.void : Effect.andThen(Deferred.await(this.#idle), this.idle)
  )

  #over(): void {
    if (--this.#count > 0) return
    const idle = this.#idle
    this.#idle = Deferred.makeUnsafe<void>()
    Deferred.doneUnsafe(idle, Effect.void)
  }
}

/** @internal */
export class Engines {
  readonly #places: ReadonlyArray<Place>
  readonly #stopped = Deferred.makeUnsafe<void>()

  constructor(count: number) {
    this.#places = Array.from({ length: count }, () => ({
      engine: undefined,
      isClosing: false,
      changed: Deferred.makeUnsafe<void>()
    }))
  }

  /** The buckets whose engines run here. */
  get owned(): ReadonlyArray<number> {
    return this.#places.flatMap(({ engine, isClosing }, bucket) => engine === undefined || isClosing ? [] : [bucket])
  }

  opened(engine: Engine): void {
    const place = this.#places[engine.bucket]
    if (place === undefined) return
    place.engine = engine
    place.isClosing = false
    this.#change(place)
  }

  /** From now on the engine of a bucket reads nothing, and takes no new command. */
  closing(bucket: number): void {
    const place = this.#places[bucket]
    if (place === undefined) return
    place.isClosing = true
    if (place.engine !== undefined) Deferred.doneUnsafe(place.engine.closing, Effect.void)
  }

  /** Waits for what an engine does: as long as `grace`, and not longer than its runner does when that stops. */
  done({ work }: Engine, grace: Duration.Input): Effect.Effect<void> {
    return Effect.raceFirst(within(work.idle, grace), Deferred.await(this.#stopped))
  }

  /** Gives all buckets up, within `grace`. */
  stop(grace: Duration.Input): Effect.Effect<void> {
    return Effect.suspend(() => {
      for (const bucket of this.#places.keys()) this.closing(bucket)
      const all = Effect.forEach(this.#places, ({ engine }) => engine?.work.idle ?? Effect.void, {
        concurrency: "unbounded",
        discard: true
      })
      return Effect.andThen(
        within(all, grace),
        Effect.sync(() => Deferred.doneUnsafe(this.#stopped, Effect.void))
      )
    })
  }

  /** Whether the runner has given everything up. */
  get hasStopped(): boolean {
    return Deferred.isDoneUnsafe(this.#stopped)
  }

  closed(bucket: number): void {
    const place = this.#places[bucket]
    if (place === undefined) return
    place.engine = undefined
    place.isClosing = false
    this.#change(place)
  }

  /** Asks the engine of a bucket; fails with `NotHere` when it does not run here. */
  use<A, E, R>(bucket: number, command: (engine: Engine) => Effect.Effect<A, E, R>): Effect.Effect<A, E | NotHere, R> {
    return Effect.flatMap(this.find(bucket), (engine) => engine.work.run(command(engine)))
  }

  /** The engine of a bucket, which may be about to start. */
  find(bucket: number): Effect.Effect<Engine, NotHere> {
    const wait: Effect.Effect<Engine, NotHere> = Effect.suspend(() => {
      const place = this.#places[bucket]
      if (place === undefined || place.isClosing) return Effect.fail(new NotHere({ bucket }))
      if (place.engine !== undefined) return Effect.succeed(place.engine)
      return Effect.andThen(Deferred.await(place.changed), wait)
    })
    return Effect.timeoutOrElse(wait, { duration: startMs, orElse: () => Effect.fail(new NotHere({ bucket })) })
  }

  #change(place: Place): void {
    const { changed } = place
    place.changed = Deferred.makeUnsafe<void>()
    Deferred.doneUnsafe(changed, Effect.void)
  }
}

const within = (effect: Effect.Effect<void>, duration: Duration.Input): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(effect, duration))
