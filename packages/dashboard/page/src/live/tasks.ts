import { batch, signal } from "@preact/signals"
import type { Changes, ProviderLine, Reset, Status } from "../../../src/Contract.ts"
import { Book, type Counts, everything, type Filter, type Total } from "../model/Book.ts"
import { now, serverNow, setClock } from "./clock.ts"

/** All rows; `version` tells when they changed. */
export const book = new Book()

/** Grows whenever rows or the filter change. */
export const version = signal(0)
export const counts = signal<Counts>(book.counts())
export const totals = signal<ReadonlyArray<Total>>([])
export const providers = signal<ReadonlyArray<ProviderLine>>([])
export const status = signal<Status | undefined>(undefined)
export const filter = signal<Filter>(everything)
/** Steps of tasks in a second, over the last five. */
export const rate = signal(0)

const recent: Array<{ readonly at: number; readonly steps: number }> = []

const countSteps = (steps: number): void => {
  const at = performance.now()
  recent.push({ at, steps })
  while (recent.length > 0 && recent[0]!.at < at - 5000) recent.shift()
  rate.value = recent.reduce((sum, one) => sum + one.steps, 0) / 5
}

const republish = (): void => {
  counts.value = book.counts()
  totals.value = book.totals()
  version.value++
}

/** Forgets all rows: these are all. */
export const reset = (data: Reset): void =>
  batch(() => {
    setClock(data.now)
    now.value = serverNow()
    book.reset(data)
    providers.value = data.providers
    status.value = data.status
    republish()
  })

/** Takes over what changed. */
export const change = (data: Changes): void =>
  batch(() => {
    setClock(data.now)
    book.change(data)
    if (data.providers !== undefined) providers.value = data.providers
    if (data.status !== undefined) status.value = data.status
    countSteps(data.steps ?? data.rows.length)
    republish()
  })

/** No step came for a while: the rate falls. */
export const quiet = (): void => countSteps(0)

/** Shows other rows. */
export const show = (changed: Partial<Filter>): void =>
  batch(() => {
    filter.value = { ...filter.value, ...changed }
    book.show(filter.value)
    version.value++
  })
