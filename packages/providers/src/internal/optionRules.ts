/**
 * What the further fields of a request may hold, and how a value is shown that they may not.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import { Violation } from "@video-tasks/core/VideoTaskError"
import * as Predicate from "effect/Predicate"

/** Says what is allowed where a value is not. */
export type Check<Context = unknown> = (value: unknown, context: Context) => string | undefined

/** Something that is wrong with a field. */
export const violation = (field: string, value: string, allowed: string): Violation =>
  new Violation({ field, value, allowed })

/** Finds what is wrong with the options that have a check. */
export const violations = <Context>(
  { options = {} }: VideoRequest,
  checks: Readonly<Record<string, Check<Context>>>,
  context: Context
): ReadonlyArray<Violation> =>
  Object.entries(options).flatMap(([name, value]) => {
    const allowed = Object.hasOwn(checks, name) ? checks[name]?.(value, context) : undefined
    return allowed === undefined ? [] : [violation(`options.${name}`, shown(value), allowed)]
  })

const maxShown = 60

/**
 * The beginning of a value, without what may be secret in it. What looks like a link, one that is misspelt too, is shown with
 * its host and path only.
 */
export const shown = (value: unknown): string => {
  if (value === undefined) return "nothing"
  const bare = harmless(value)
  const text = typeof bare === "string" ? bare : Redact.excerpt(bare)
  return text === "" ? "empty" : text.length > maxShown ? `${text.slice(0, maxShown)}…` : text
}

const harmless = (value: unknown): unknown => {
  if (typeof value === "string") return ofText(value.trim())
  if (Array.isArray(value)) return value.map(harmless)
  return Predicate.isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, harmless(item)]))
    : value
}

const ofText = (text: string): string =>
  Redact.text(/^\S*[/\\?#@]/.test(text) ? Redact.url(text).replace(/^[^\s/\\]*@/, "") : text)

/** One of some words. */
export const oneOf = (...words: ReadonlyArray<string>): Check => (value) =>
  typeof value === "string" && words.includes(value) ? undefined : words.join(", ")

/** A whole number in a range. */
export const whole = (min: number, max: number): Check => (value) =>
  Number.isInteger(value) && Number(value) >= min && Number(value) <= max
    ? undefined
    : `a whole number from ${min} to ${max}`

/** Yes or no. */
export const flag: Check = (value) => typeof value === "boolean" ? undefined : "true or false"

/** A link that a server can open. */
export const link: Check = (value) =>
  typeof value === "string" && /^https?:\/\//i.test(value) && URL.canParse(value) ? undefined : "an http(s) URL"
