/**
 * The provider's last answer for people: only fields that are known to hold nothing secret, links without their query.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** How long a text may be, in bytes. */
const maxText = 500

const maxDepth = 8

const maxItems = 50

/** The answer as indented JSON; `undefined` when there is none, or it was cut and can't be read. */
export const shown = (raw: string | undefined): string | undefined => {
  if (raw === undefined) return undefined
  const json = parse(raw)
  return Option.isNone(json) ? undefined : JSON.stringify(clean(json.value, 0), null, 2)
}

/** Options of a request as indented JSON: what the caller wrote, without what looks like a secret. */
export const options = (text: string | undefined): string | undefined => {
  if (text === undefined || text === "{}") return undefined
  const json = parse(text)
  return Option.isNone(json) ? Redact.clip(Redact.text(text), 2048) : JSON.stringify(redacted(json.value), null, 2)
}

/** The same value, every text without secrets. */
export const redacted = (value: unknown): unknown => {
  if (typeof value === "string") return text(value, 16_384)
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redacted(item)]))
}

// internal

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

/** A link that is a whole value may hold anything in its query. */
const text = (value: string, maxBytes = maxText): string =>
  Redact.clip(
    Redact.text(/^\s*(?:[a-z][a-z0-9+.-]{0,15}:[\\/]{2}|data:)/i.test(value) ? Redact.url(value) : value),
    maxBytes
  )

const clean = (value: unknown, depth: number): unknown => {
  if (typeof value === "string") return text(value)
  if (typeof value !== "object" || value === null) return value
  if (depth >= maxDepth) return "…"
  if (Array.isArray(value)) return value.slice(0, maxItems).map((item) => clean(item, depth + 1))
  const entries = Object.entries(value)
  const known = entries.filter(([key]) => safe.has(key.toLowerCase().replaceAll(/[_-]/g, "")))
  const hidden = entries.length - known.length
  return {
    ...Object.fromEntries(known.map(([key, item]) => [key, clean(item, depth + 1)])),
    ...(hidden === 0 ? {} : { "…": hidden === 1 ? "1 field is not shown" : `${hidden} fields are not shown` })
  }
}

/** In lower case, without hyphens and underscores. */
const safe = new Set(
  ("id taskid object type action platform channel model modelname status taskstatus state statusmsg taskstatusmsg progress " +
    "progresspercent estimatedremaining estimatedremainingms eta queueposition position created createdat createtime " +
    "submittime submittedat updated updatedat updatetime started startedat starttime completed completedat finishtime " +
    "finishedat endtime expiresat expires expiry timestamp seconds duration durationseconds size resolution ratio " +
    "aspectratio width height fps framespersecond frames n seed quality format mimetype generateaudio servicetier draft " +
    "error errors code errorcode message msg detail failreason failure failurecode reason param respectmoderation " +
    "usage totaltokens completiontokens cost costinusdticks price currency credits quota units unit finalunitdeduction " +
    "billing requestid data result results output outputs content video videos images taskresult url videourl " +
    "fileurl coverurl thumbnailurl lastframeurl remixedfromvideoid success").split(" ")
)
