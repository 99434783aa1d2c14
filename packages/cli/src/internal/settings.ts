/**
 * What the environment and the file `.env` of the current folder say: keys, base URLs, the store.
 *
 * A base URL from `.env` counts only together with a key from the same file: a folder that somebody else filled must not
 * lead a key of the environment to a foreign server. A database from `.env` counts only with a key beside it, too.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as TaskHandle from "@video-tasks/core/TaskHandle"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as ExitCode from "./exitCode.ts"
import { Problem, usage } from "./problem.ts"
import { program } from "./program.ts"
import * as StoreChoice from "./storeChoice.ts"

/** The providers of the command, and the names of their variables. */
export const providers = {
  cometapi: { title: "CometAPI", key: "COMETAPI_KEY", baseUrl: "COMETAPI_BASE_URL" },
  seeany: { title: "SeeAny", key: "SEEANY_API_KEY", baseUrl: "SEEANY_BASE_URL" },
  generic: { title: "the gateway", key: "GENERIC_API_KEY", baseUrl: "GENERIC_BASE_URL" },
  openai: { title: "OpenAI", key: "OPENAI_API_KEY", baseUrl: "OPENAI_BASE_URL" },
  runway: { title: "Runway", key: "RUNWAYML_API_SECRET", baseUrl: "RUNWAYML_BASE_URL" },
  kling: { title: "Kling", key: "KLING_API_KEY", baseUrl: "KLING_BASE_URL" },
  xai: { title: "xAI", key: "XAI_API_KEY", baseUrl: "XAI_BASE_URL" },
  ark: { title: "ByteDance Ark", key: "ARK_API_KEY", baseUrl: "ARK_BASE_URL" }
} as const

/** The id of a provider that the command knows. */
export type ProviderId = keyof typeof providers

/** Every provider id. */
export const providerIds = Object.keys(providers) as ReadonlyArray<ProviderId>

/** Whether the command knows such a provider. */
export const isProviderId = (text: string): text is ProviderId => Object.hasOwn(providers, text)

/** How to reach one provider. */
interface Access {
  readonly apiKey: Redacted.Redacted | undefined
  /** Absent when the provider's own address is meant. */
  readonly baseUrl: string | undefined
  /** Something that people should know, for example that a line of `.env` was not used. */
  readonly remark?: string | undefined
}

/** Reads variables: the environment first, then `.env`. */
export interface Settings {
  readonly access: (id: ProviderId, baseUrl: string | undefined) => Effect.Effect<Access, Problem>
}

/** Reads the environment and `.env`. */
export const load: Effect.Effect<Settings, Problem, FileSystem.FileSystem> = Effect.gen(function*() {
  const environment = yield* ConfigProvider.ConfigProvider
  const file = yield* dotEnv
  const fromEnvironment = (name: string) => read(environment, name)
  const fromFile = (name: string) => file === undefined ? Effect.undefined : read(file, name)
  const access: Settings["access"] = Effect.fnUntraced(function*(id, flag) {
    const names = providers[id]
    const [key, keyOfFile] = [yield* fromEnvironment(names.key), yield* fromFile(names.key)]
    const [url, urlOfFile] = [yield* fromEnvironment(names.baseUrl), yield* fromFile(names.baseUrl)]
    const fileIsTrusted = key === undefined && keyOfFile !== undefined
    const chosen = flag ?? url ?? (fileIsTrusted ? urlOfFile : undefined)
    const baseUrl = chosen === undefined ? undefined : TaskHandle.normalizeBaseUrl(chosen)
    if (chosen !== undefined && baseUrl === undefined) {
      return yield* usage(
        `${names.baseUrl} is ${
          shown(chosen, key ?? keyOfFile)
        }; allowed: an http(s) origin with an optional path, without a query.`
      )
    }
    const apiKey = key ?? keyOfFile
    const ignored = urlOfFile !== undefined && !fileIsTrusted && flag === undefined && url === undefined
    return {
      apiKey: apiKey === undefined ? undefined : Redacted.make(apiKey, { label: names.key }),
      baseUrl,
      ...(ignored && apiKey !== undefined ? { remark: ignoredUrl(names) } : {})
    }
  })
  return { access }
})

/** The store that `VIDEO_TASKS_STORE` names, in the environment or in `.env`. */
export const store: Effect.Effect<StoreChoice.Choice | undefined, Problem, FileSystem.FileSystem> = Effect.gen(
  function*() {
    const said = yield* read(yield* ConfigProvider.ConfigProvider, storeVariable)
    if (said !== undefined) return yield* chosen(said)
    const file = yield* dotEnv
    const saidByFile = file === undefined ? undefined : yield* read(file, storeVariable)
    if (file === undefined || saidByFile === undefined) return undefined
    const choice = yield* chosen(saidByFile)
    if (choice._tag !== "postgres") return choice
    const keys = yield* Effect.forEach(Object.values(providers), ({ key }) => read(file, key))
    if (keys.some((key) => key !== undefined)) return choice
    return yield* usage(
      `${storeVariable} in .env names a database, and counts only together with a key in the same file.`,
      [`If it is yours, set ${storeVariable} in the environment.`]
    )
  }
)

/** What a first-time user reads. */
export const missingKey = (id: ProviderId): Problem =>
  new Problem({
    reason: "Unauthorized",
    code: ExitCode.ofReason.Unauthorized,
    message: `There is no key for ${providers[id].title}: ${providers[id].key} is not set.`,
    hint: [
      `Make an API key in the console of ${providers[id].title}, then`,
      `  export ${providers[id].key}=…        or write that line into a file .env in this folder`,
      "To see everything work without a key:",
      `  ${program} demo`
    ]
  })

/** What a user of the generic endpoint reads who has not said where it is. */
export const missingBaseUrl = (id: ProviderId): Problem =>
  usage(`The provider ${id} has no address of its own: say where it is.`, [
    `  export ${providers[id].baseUrl}=https://…        or --base-url https://…`,
    "It is the address before /v1/video/generations."
  ])

/** Reads one variable; empty counts as not set. */
export const read = (provider: ConfigProvider.ConfigProvider, name: string): Effect.Effect<string | undefined> =>
  Config.option(Config.String(name)).parse(provider).pipe(
    Effect.map((found) => Option.getOrUndefined(Option.filter(Option.map(found, (text) => text.trim()), isText))),
    Effect.orElseSucceed(() => undefined)
  )

/** The file `.env` of the current folder, if there is one. */
export const dotEnv: Effect.Effect<
  ConfigProvider.ConfigProvider | undefined,
  Problem,
  FileSystem.FileSystem
> = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const exists = yield* Effect.orElseSucceed(fs.exists(".env"), () => false)
  if (!exists) return undefined
  return yield* ConfigProvider.fromDotEnv({ path: ".env" }).pipe(
    Effect.mapError(() => usage("The file .env in this folder cannot be read."))
  )
})

// internal

const storeVariable = "VIDEO_TASKS_STORE"

const chosen = (text: string): Effect.Effect<StoreChoice.Choice, Problem> => {
  const choice = StoreChoice.parse(text)
  return choice === undefined
    ? Effect.fail(usage(`${storeVariable} is ${StoreChoice.shown(text)}; allowed: ${StoreChoice.allowed}.`))
    : Effect.succeed(choice)
}

/** An address as far as it may be shown; somebody may have put the key there. */
const shown = (baseUrl: string, key: string | undefined): string =>
  baseUrl === key ? "<redacted>" : Redact.clip(Redact.text(Redact.url(baseUrl)), 200)

const ignoredUrl = (names: { readonly key: string; readonly baseUrl: string }): string =>
  `${names.baseUrl} in .env is not used: it counts only together with a ${names.key} in the same file.`

const isText = (text: string): boolean => text !== ""
