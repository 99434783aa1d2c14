/**
 * Workers that are started again whenever they end, and what is done to them.
 */
import { Effect, type Scope } from "effect"
import * as SilentLink from "../../../node/test/support/silentLink.ts"
import * as World from "../support/world.ts"
import { now } from "./clock.ts"
import type * as History from "./history.ts"
import * as Worker from "./worker.ts"

/** A place where workers run, one after the other. */
interface Place {
  readonly name: string
  /** The way on which everybody else reaches whoever works here. */
  readonly link: SilentLink.SilentLink
  readonly listen: number
  worker: Worker.Worker | undefined
  ready: Promise<boolean>
  life: Life | undefined
  isAsleep: boolean
  isCut: boolean
}

interface Life extends History.Life {
  readonly pauses: Array<{ readonly from: number; readonly to: number }>
}

/** What was done to somebody, and for how long. */
interface Suffered {
  readonly who: string
  readonly from: number
  readonly to: number
}

export interface Company {
  readonly lives: ReadonlyArray<History.Life>
  /** How often a worker was started, the first time included. */
  readonly starts: () => number
  /** Ends the life of one that is awake. */
  readonly kill: Effect.Effect<Suffered | undefined>
  /** Puts one to sleep, and wakes it up. */
  readonly nap: (ms: number) => Effect.Effect<Suffered | undefined>
  /** Cuts the way of all others to one, and mends it: it says nothing any more, or resets. Says how many connections. */
  readonly cut: (
    how: "silent" | "reset",
    ms: number
  ) => Effect.Effect<Suffered & { readonly connections: number } | undefined>
  /** Asks all to stop; says how each of them ended. */
  readonly dismiss: Effect.Effect<ReadonlyArray<number | null>>
}

export interface Options {
  readonly count: number
  readonly random: () => number
  readonly settings: Omit<Worker.Settings, "name" | "port" | "listen">
}

/** Hires workers for as long as the scope lives; returns when all serve. */
export const hire = Effect.fnUntraced(function*(
  { count, random, settings }: Options
): Effect.fn.Return<Company, never, Scope.Scope> {
  const lives: Array<Life> = []
  let isOver = false
  const places = yield* Effect.forEach(Array.from({ length: count }), (_, n) => place("abcdefgh"[n] ?? String(n)))
  const begin = (place: Place) => {
    const { link: { port }, listen } = place
    const address = `${settings.host}:${port}`
    const name = `${place.name}${lives.filter((life) => life.address === address).length + 1}`
    const { ready, worker } = Worker.start({ ...settings, name, port, listen })
    const life: Life = { name, address, startedAt: worker.startedAt, pauses: [] }
    lives.push(life)
    Object.assign(place, { worker, ready, life, isAsleep: false })
  }
  yield* Effect.addFinalizer(() => Effect.sync(() => places.forEach(({ worker }) => worker?.child.kill("SIGKILL"))))
  places.forEach(begin)
  for (const place of places) {
    yield* Effect.forkScoped(Effect.gen(function*() {
      for (;;) {
        yield* Effect.promise(() => place.worker?.ended ?? Promise.resolve(null))
        if (isOver) return
        place.worker = undefined
        yield* Effect.sleep(500 + 2500 * random())
        begin(place)
      }
    }))
  }
  yield* Effect.promise(() => Promise.all(places.map(({ ready }) => ready)))
  return {
    lives,
    starts: () => lives.length,
    ...trouble(places, random),
    dismiss: Effect.gen(function*() {
      yield* World.until("all work", Effect.sync(() => places.every(({ worker }) => worker !== undefined)))
      yield* Effect.promise(() => Promise.all(places.map(({ ready }) => ready)))
      isOver = true
      for (const { worker } of places) worker?.child.kill("SIGTERM")
      return yield* Effect.promise(() =>
        Promise.all(places.map(({ worker }) => worker?.ended ?? Promise.resolve(null)))
      )
    })
  }
})

const place = Effect.fnUntraced(function*(name: string): Effect.fn.Return<Place, never, Scope.Scope> {
  const listen = yield* World.freePort
  const link = yield* Effect.acquireRelease(
    Effect.promise(() => SilentLink.open(listen)),
    (link) => Effect.promise(() => link.close())
  )
  return {
    name,
    link,
    listen,
    worker: undefined,
    ready: Promise.resolve(false),
    life: undefined,
    isAsleep: false,
    isCut: false
  }
})

/** What can be done to those who work somewhere. */
const trouble = (places: ReadonlyArray<Place>, random: () => number): Pick<Company, "kill" | "nap" | "cut"> => {
  const any = (isFit: (place: Place) => boolean) => {
    const fit = places.filter((place) => place.worker !== undefined && !place.isAsleep && isFit(place))
    const place = fit[Math.floor(random() * fit.length)]
    const { life, worker } = place ?? {}
    return place === undefined || worker === undefined || life === undefined ? undefined : { place, worker, life }
  }
  return {
    kill: Effect.gen(function*() {
      const found = any(() => true)
      if (found === undefined) return undefined
      const { life, worker } = found
      const from = now()
      worker.child.kill("SIGKILL")
      yield* Effect.promise(() => worker.ended)
      return worker.child.signalCode === "SIGKILL" ? { who: life.name, from, to: now() } : undefined
    }),
    nap: (ms) =>
      Effect.suspend(() => {
        const found = any(() => true)
        if (found === undefined) return Effect.succeed(undefined)
        const { life, place, worker } = found
        const from = now()
        place.isAsleep = true
        worker.child.kill("SIGSTOP")
        const wake = Effect.sync(() => {
          life.pauses.push({ from, to: now() })
          worker.child.kill("SIGCONT")
          place.isAsleep = false
        })
        return Effect.map(Effect.ensuring(Effect.sleep(ms), wake), () => ({ who: life.name, from, to: now() }))
      }),
    cut: (how, ms) =>
      Effect.suspend(() => {
        const found = any(({ isCut }) => !isCut)
        if (found === undefined) return Effect.succeed(undefined)
        const { life, place } = found
        const from = now()
        let connections = 0
        place.isCut = true
        if (how === "silent") place.link.cut()
        else place.link.reset()
        const mend = Effect.sync(() => {
          connections = place.link.mend()
          place.isCut = false
        })
        return Effect.map(
          Effect.ensuring(Effect.sleep(ms), mend),
          () => ({ who: life.name, from, to: now(), connections })
        )
      })
  }
}
