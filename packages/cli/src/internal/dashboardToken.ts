/**
 * What opens the dashboard, and who is told.
 */
import * as Config from "effect/Config"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Base64Url from "effect/encoding/Base64Url"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { type Problem, usage } from "./problem.ts"

/** A token; nobody knows one that was made here before it is told. */
export interface Token {
  readonly value: Redacted.Redacted
  readonly isMade: boolean
}

/** What the user said of it. */
export interface Wanted {
  readonly token: Option.Option<string>
  readonly noToken: boolean
  readonly readOnly: boolean
  readonly demo: boolean
}

/** The option, else the variable; else a new one, where somebody could pay: a port of this machine is open to all its users. */
export const make = Effect.fnUntraced(function*(
  { demo, noToken, readOnly, token }: Wanted
): Effect.fn.Return<Token | undefined, Problem> {
  if (noToken && Option.isSome(token)) return yield* usage("--token and --no-token contradict each other.")
  if (noToken) return undefined
  if (Option.isSome(token)) return given(token.value)
  const said = yield* Config.option(Config.String("VIDEO_TASKS_DASHBOARD_TOKEN")).pipe(
    Effect.orElseSucceed(() => Option.none<string>())
  )
  if (Option.isSome(said) && said.value !== "") return given(said.value)
  if (demo || readOnly) return undefined
  const bytes = yield* Effect.provide(
    SecureRandom.SecureRandom.use((random) => random.randomBytes(24)),
    SecureRandom.layerWebCrypto
  )
  return { value: redacted(Base64Url.encode(bytes)), isMade: true }
})

// internal

const redacted = (text: string): Redacted.Redacted => Redacted.make(text, { label: "dashboard token" })

const given = (text: string): Token => ({ value: redacted(text), isMade: false })
