/**
 * The trace that a task was submitted in: kept with the task, and linked to by spans of who follows it later.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

/** More links than a span has by OpenTelemetry's defaults are dropped by who gets it. */
const mostLinks = 128

/**
 * The current span as W3C's `traceparent`; nothing where spans go nowhere, since nobody could find them again.
 *
 * @internal
 */
export const current: Effect.Effect<string | undefined> = Effect.gen(function*() {
  if ((yield* Tracer.Tracer) === Context.get(Context.empty(), Tracer.Tracer)) return undefined
  const span = Option.getOrUndefined(yield* Effect.option(Effect.currentParentSpan))
  if (span === undefined) return undefined
  const text = `00-${span.traceId.padStart(32, "0")}-${span.spanId}-${span.sampled ? "01" : "00"}`
  return traceparent.test(text) ? text : undefined
})

/**
 * Links to the spans in which tasks were submitted, but to none of the trace that the link is in.
 *
 * @internal
 */
export const links = (
  traces: Iterable<string | undefined>,
  parent?: Tracer.AnySpan
): ReadonlyArray<Tracer.SpanLink> => {
  const found: Array<Tracer.SpanLink> = []
  for (const trace of new Set(traces)) {
    const [, traceId, spanId, flags = ""] = traceparent.exec(trace ?? "") ?? []
    if (traceId === undefined || spanId === undefined || traceId === parent?.traceId) continue
    const sampled = (Number.parseInt(flags, 16) & 1) === 1
    found.push({ span: Tracer.externalSpan({ traceId, spanId, sampled }), attributes: submitted })
    if (found.length === mostLinks) break
  }
  return found
}

/**
 * Lets the current span link to the spans in which tasks were submitted.
 *
 * @internal
 */
export const linkCurrent = (traces: Iterable<string | undefined>): Effect.Effect<void> =>
  Effect.currentSpan.pipe(
    Effect.map((span) => {
      const added = links(traces, span)
      if (added.length > 0) span.addLinks(added)
    }),
    Effect.ignore
  )

// internal

const submitted = { "video_task.link": "submit" }

const traceparent = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/
