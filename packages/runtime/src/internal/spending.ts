/**
 * The guard before a create: what it will cost, and whether that may be spent.
 */
import type { TaskHandle } from "@video-tasks/core/TaskHandle"
import type { Cost } from "@video-tasks/core/Video"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type { SubmitOptions } from "../VideoTasks.ts"
import type { Book } from "./book.ts"
import { refused } from "./prepare.ts"
import type { Prices } from "./prices.ts"
import type { Order } from "./submit.ts"

/** @internal */
export interface Guard {
  readonly prices: Prices
  readonly book: Book | undefined
}

/**
 * Submits what may be paid for. Without a limit nobody is asked for a price, and what is known of it goes with the task.
 *
 * @internal
 */
export const guarded = Effect.fnUntraced(function*(
  { book, prices }: Guard,
  order: Order,
  maxCost: SubmitOptions["maxCost"],
  submit: (order: Order) => Effect.Effect<TaskHandle, VideoTaskError.VideoTaskError>
): Effect.fn.Return<TaskHandle, VideoTaskError.VideoTaskError> {
  const { family, provider } = order.lane
  const isLimited = book !== undefined || maxCost !== undefined
  const estimate = yield* (isLimited ? prices.estimate : prices.recall)(provider, family, order.request)
  if (estimate._tag === "unknown") {
    if (!isLimited) return yield* submit(order)
    if (estimate.isUnread === true) return yield* refused(provider.id, unread(estimate.reason))
    return yield* refuse(order, unpriced(order, estimate.reason, yield* prices.hasPrices(provider)))
  }
  const { cost } = estimate
  const tooMuch = maxCost === undefined ? undefined : above(cost, maxCost)
  if (tooMuch !== undefined) return yield* refuse(order, tooMuch)
  const priced = { ...order, estimate: cost }
  if (book === undefined) return yield* submit(priced)
  const { id, request: { model } } = order
  return yield* Effect.acquireUseRelease(
    // Between the check and the reservation nobody else runs.
    Effect.suspend(() => {
      const problem = book.reserve({ id, provider: provider.id, model, estimate: cost })
      return problem === undefined ? Effect.void : refuse(order, problem)
    }),
    () => submit(priced),
    () => Effect.sync(() => book.closed(id))
  )
})

const refuse = ({ lane, request }: Order, detail: string) =>
  refused(lane.provider.id, new VideoTaskError.BudgetExceeded({ detail: `${request.model}: ${detail}` }))

/** The price may well be known later: nobody has to go without the limit. */
const unread = (reason: string): VideoTaskError.Reason =>
  new VideoTaskError.NotSent({ detail: `${reason}, and under a limit nothing is sent whose price is unknown` })

const unpriced = ({ request }: Order, reason: string, hasPrices: boolean): string =>
  `its price is unknown (${reason}), and under a limit nothing is sent whose price is unknown; submit it without the ` +
  `limit${hasPrices ? `, or choose a model with a price (\`video-tasks models --provider ${request.provider}\`)` : ""}`

const above = (
  { amount, unit }: Cost,
  limit: NonNullable<SubmitOptions["maxCost"]>
): string | undefined => {
  if (limit.unit !== undefined && limit.unit.trim().toUpperCase() !== unit.toUpperCase()) {
    return `its price is in ${unit} and the limit in ${limit.unit}; nothing is converted: state the limit in ${unit}`
  }
  // A limit that is no number allows nothing.
  return amount <= limit.amount
    ? undefined
    : `it would cost ${amount} ${unit}, and the limit is ${limit.amount} ${unit}`
}
