/**
 * The engines of the buckets that this runner owns, while it owns them.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { TaskId } from "@video-tasks/core/TaskId"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import type { TaskStore } from "@video-tasks/runtime/TaskStore"
import type { VideoTasks } from "@video-tasks/runtime/VideoTasks"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { type Begun, NotHere } from "./wire.ts"

/** How long a door waits for the engine behind it, which may be about to start, in ms. */
const startMs = 2000

/** A submit that is being done. */
interface Submit {
  readonly attempt: string
  readonly fiber: Fiber.Fiber<TaskHandle, VideoTaskError | Begun>
}

/** @internal */
export interface Engine {
  readonly bucket: number
  readonly tasks: VideoTasks["Service"]
  readonly store: TaskStore["Service"]
  /** Where commands run: it closes when they have had their time. */
  readonly scope: Scope.Scope
  readonly submits: Map<TaskId, Submit>
}

interface Place {
  engine: Engine | undefined
  /** Commands that are being done. */
  busy: number
  isClosing: boolean
  changed: Deferred.Deferred<void>
}

/** @internal */
export class Engines {
  readonly #places: ReadonlyArray<Place>

  constructor(count: number) {
    this.#places = Array.from({ length: count }, () => ({
      engine: undefined,
      busy: 0,
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

  /** Takes no new command, and waits for those that are being done. */
  closing(bucket: number): Effect.Effect<void> {
    return Effect.suspend(() => {
      const place = this.#places[bucket]
      if (place === undefined) return Effect.void
      place.isClosing = true
      return this.#idle(place)
    })
  }

  closed(bucket: number): void {
    const place = this.#places[bucket]
    if (place === undefined) return
    place.engine = undefined
    place.isClosing = false
    this.#change(place)
  }

  isClosing(bucket: number): boolean {
    return this.#places[bucket]?.isClosing !== false
  }

  /** Asks the engine of a bucket; fails with `NotHere` when it does not run here. */
  use<A, E, R>(bucket: number, command: (engine: Engine) => Effect.Effect<A, E, R>): Effect.Effect<A, E | NotHere, R> {
    return Effect.flatMap(this.find(bucket), (engine) => this.busy(bucket, command(engine)))
  }

  /** Something that is waited for when the bucket is given up. */
  busy<A, E, R>(bucket: number, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      const place = this.#places[bucket]
      if (place === undefined) return effect
      place.busy++
      return Effect.ensuring(
        effect,
        Effect.sync(() => {
          place.busy--
          if (place.isClosing) this.#change(place)
        })
      )
    })
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

  #idle(place: Place): Effect.Effect<void> {
    return Effect.suspend(() =>
      place.busy === 0 ? Effect.void : Effect.andThen(Deferred.await(place.changed), this.#idle(place))
    )
  }
}
