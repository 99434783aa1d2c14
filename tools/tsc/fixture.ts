import * as Effect from "effect/Effect"

export const slow = async () => 1 // expect asyncFunction

export const program = Effect.gen(function*() { // expect promiseInEffectSuccess
  Effect.log("never run") // expect floatingEffect
  yield* Effect.log("run")
  const now = Date.now() // expect globalDateInEffect
  console.log(now) // expect globalConsoleInEffect
  setTimeout(() => undefined, 1) // expect globalTimersInEffect
  return process.env["KEY"] ?? fetch("https://example.com") // expect processEnvInEffect globalFetchInEffect
})
