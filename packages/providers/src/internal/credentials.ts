/**
 * Who gets the key: the API's own origin, below its base path, and nobody else.
 */
import * as Redacted from "effect/Redacted"
import type { Account } from "./http.ts"

/** The headers that a download of a URL needs. A token that is made anew each time has no place here. */
export const forDownload = (
  url: URL,
  { baseUrl, key }: Account
): Readonly<Record<string, Redacted.Redacted>> =>
  key !== undefined && isWithin(url, new URL(baseUrl))
    ? { authorization: Redacted.make(`Bearer ${Redacted.value(key)}`) }
    : {}

const isWithin = (url: URL, base: URL): boolean =>
  url.origin === base.origin && (base.pathname === "/" || url.pathname.startsWith(`${base.pathname}/`))
