/**
 * The providers that can be asked: those that have a key, and an address.
 */
import * as Effect from "effect/Effect"
import * as Globals from "./globals.ts"
import * as Settings from "./settings.ts"

/** Those that have a key, and an address. */
export const configured = Effect.gen(function*() {
  const { baseUrl } = yield* Globals.values
  const settings = yield* Settings.load
  const found: Array<Settings.ProviderId> = []
  for (const id of Settings.providerIds) {
    const access = yield* settings.access(id, baseUrl)
    const isReachable = id !== "generic" || access.baseUrl !== undefined
    if (access.apiKey !== undefined && isReachable) found.push(id)
  }
  return found
})
