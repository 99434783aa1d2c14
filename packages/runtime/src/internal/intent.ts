/**
 * The intent of a create: in the store before anything is sent, or taken back.
 */
import { Submission } from "@video-tasks/core/Submission"
import type * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { TaskStoreError } from "../TaskStore.ts"
import { waitedFor } from "./bounded.ts"
import { fromStore } from "./errors.ts"
import { offer } from "./insist.ts"
import * as Journal from "./journal.ts"
import type { Order } from "./submit.ts"

/**
 * Records the intent; returns since when the lease holds that came with it, in ms since the epoch. Who fails or is
 * interrupted sends nothing: an intent that the store may have, or takes late, hears of that when the store is done with it.
 *
 * @internal
 */
export const intend = (
  journal: Journal.Journal,
  order: Order,
  startedAt: number
): Effect.Effect<number, VideoTaskError.VideoTaskError> => {
  const submission = submissionOf(journal, order, startedAt)
  const withdraw = Effect.ignore(offer(Journal.withdraw(journal, submission), journal.scope))
  const write = Effect.tapError(
    Journal.begin(journal, submission),
    (error) => error.retryable ? Effect.forkIn(withdraw, journal.scope) : Effect.void
  )
  const calledOff = (fiber: Writing) => Effect.sync(() => fiber.interruptUnsafe())
  const takenBack = (fiber: Writing) => Effect.forkDetach(Effect.andThen(Fiber.await(fiber), withdraw))
  return Effect.mapError(
    waitedFor(write, {
      overdue: (fiber) => Effect.andThen(calledOff(fiber), takenBack(fiber)),
      left: (fiber) => Effect.onInterrupt(Effect.flatMap(takenBack(fiber), Fiber.await), () => calledOff(fiber))
    }),
    (error) => fromStore(error, order.lane.provider.id)
  )
}

type Writing = Fiber.Fiber<number, TaskStoreError>

const submissionOf = (
  { claims: { owner } }: Journal.Journal,
  { estimate, id, lane: { family, provider }, record, request, requestHash, trace }: Order,
  startedAt: number
): Submission =>
  new Submission({
    id,
    provider: provider.id,
    family: family.id,
    model: request.model,
    account: provider.account,
    baseUrl: provider.baseUrl,
    owner,
    requestHash,
    ...(record === undefined ? {} : { request: record }),
    ...(trace === undefined ? {} : { reference: trace.reference }),
    ...(trace?.route === undefined ? {} : { route: trace.route }),
    startedAt,
    ...(estimate === undefined ? {} : { estimate }),
    outcome: { _tag: "pending" }
  })
