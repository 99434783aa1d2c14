/**
 * Workers that are started again whenever they end, and what is done to them.
 */
import { Effect, type Scope } from "effect"
import * as World from "../support/world.ts"
import { now } from "./clock.ts"
import type * as History from "./history.ts"
import * as Worker from "./worker.ts"

/** A place where workers run, one after the other. */
interface Place {
  readonly name: string
  readonly port: number
  worker: Worker.Worker | undefined
  life: Life | undefined
  isAsleep: boolean
}

interface Life extends History.Life {
  readonly pauses: Array<{ readonly from: number; readonly to: number }>
}

export interface Company {
  readonly lives: ReadonlyArray<History.Life>
  /** How often a worker was started, the first time included. */
  readonly starts: () => number
  /** Ends the life of one that is awake; says whose. */
  readonly kill: Effect.Effect<string | undefined>
  /** Puts one to sleep, and wakes it up; says which. */
  readonly nap: (ms: number) => Effect.Effect<string | undefined>
}

export interface Options {
  readonly count: number
  readonly random: () => number
  readonly settings: Omit<Worker.Settings, "name" | "port">
}

/** Hires workers for as long as the scope lives; returns when all serve. */
export const hire = Effect.fnUntraced(function*(
  { count, random, settings }: Options
): Effect.fn.Return<Company, never, Scope.Scope> {
  const lives: Array<Life> = []
  const places: Array<Place> = []
  for (let n = 0; n < count; n++) {
    const port = yield* World.freePort
    places.push({ name: "abcdefgh"[n] ?? String(n), port, worker: undefined, life: undefined, isAsleep: false })
  }
  const begin = (place: Place) => {
    const name = `${place.name}${lives.filter(({ address }) => address.endsWith(`:${place.port}`)).length + 1}`
    const started = Worker.start({ ...settings, name, port: place.port })
    const { startedAt } = started.worker
    const life: Life = { name, address: `${settings.host}:${place.port}`, startedAt, pauses: [] }
    lives.push(life)
    Object.assign(place, { worker: started.worker, life, isAsleep: false })
    return started
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => places.forEach(({ worker }) => worker?.child.kill("SIGKILL"))))
  const first = places.map(begin)
  for (const place of places) {
    yield* Effect.forkScoped(Effect.forever(Effect.gen(function*() {
      yield* Effect.promise(() => place.worker?.ended ?? Promise.resolve())
      place.worker = undefined
      yield* Effect.sleep(500 + 2500 * random())
      begin(place)
    })))
  }
  yield* Effect.promise(() => Promise.all(first.map(({ ready }) => ready)))
  const awake = () => places.filter(({ isAsleep, worker }) => worker !== undefined && !isAsleep)
  const any = () => awake()[Math.floor(random() * awake().length)]
  return {
    lives,
    starts: () => lives.length,
    kill: Effect.sync(() => {
      const place = any()
      place?.worker?.child.kill("SIGKILL")
      return place?.life?.name
    }),
    nap: (ms) =>
      Effect.suspend(() => {
        const place = any()
        const { life, worker } = place ?? {}
        if (place === undefined || worker === undefined || life === undefined) return Effect.succeed(undefined)
        const from = now()
        place.isAsleep = true
        worker.child.kill("SIGSTOP")
        return Effect.ensuring(
          Effect.as(Effect.sleep(ms), life.name),
          Effect.sync(() => {
            life.pauses.push({ from, to: now() })
            worker.child.kill("SIGCONT")
            place.isAsleep = false
          })
        )
      })
  }
})
