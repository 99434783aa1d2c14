/**
 * Who gets the key: the API's own origin, below its base path, and nobody else.
 */
import * as Redacted from "effect/Redacted"
import type { Account } from "./http.ts"

/** The headers that a download of a URL needs. */
export const forDownload = (url: URL, account: Account): Readonly<Record<string, Redacted.Redacted>> =>
  isWithin(url, new URL(account.baseUrl))
    ? { authorization: Redacted.make(`Bearer ${Redacted.value(account.apiKey)}`) }
    : {}

const isWithin = (url: URL, base: URL): boolean =>
  url.origin === base.origin && (base.pathname === "/" || url.pathname.startsWith(`${base.pathname}/`))
