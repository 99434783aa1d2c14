/**
 * What the option, the environment and the file `.env` say of the archive.
 *
 * A bucket that `.env` names counts only with a key beside it, and an address of a service only with a key of the same
 * place: a folder that somebody else filled must not lead videos, or a key of the environment, to a foreign server.
 */
import * as Redact from "@video-tasks/core/Redact"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Redacted from "effect/Redacted"
import * as ArchiveChoice from "./archiveChoice.ts"
import * as ExitCode from "./exitCode.ts"
import * as Globals from "./globals.ts"
import { Problem, usage } from "./problem.ts"
import * as Settings from "./settings.ts"

/** The variable that names the archive. */
export const variable = "VIDEO_TASKS_ARCHIVE"

/** The variables of a bucket, by the names that AWS gave them. */
const variables = {
  accessKeyId: "AWS_ACCESS_KEY_ID",
  secretAccessKey: "AWS_SECRET_ACCESS_KEY",
  sessionToken: "AWS_SESSION_TOKEN",
  region: ["AWS_REGION", "AWS_DEFAULT_REGION"],
  endpoint: ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]
} as const

/** The archive that `--archive`, `VIDEO_TASKS_ARCHIVE` or nobody chose. */
export const choice: Effect.Effect<
  Exclude<ArchiveChoice.Choice, { readonly _tag: "none" }> | undefined,
  Problem,
  Globals.Identifiers | FileSystem.FileSystem
> = Effect.gen(function*() {
  const { archive } = yield* Globals.values
  const chosen = archive ?? (yield* named)
  return chosen?._tag === "none" ? undefined : chosen
})

/** The archive that `VIDEO_TASKS_ARCHIVE` names, in the environment or in `.env`. */
export const named: Effect.Effect<ArchiveChoice.Choice | undefined, Problem, FileSystem.FileSystem> = Effect.gen(
  function*() {
    const said = yield* Settings.read(yield* ConfigProvider.ConfigProvider, variable)
    if (said !== undefined) return yield* parsed(said)
    const file = yield* Settings.dotEnv
    const saidByFile = file === undefined ? undefined : yield* Settings.read(file, variable)
    if (file === undefined || saidByFile === undefined) return undefined
    const chosen = yield* parsed(saidByFile)
    if (chosen._tag !== "bucket" || (yield* keysOf(file)).secretAccessKey !== undefined) return chosen
    return yield* usage(
      `${variable} in .env names a bucket, and counts only together with ${variables.secretAccessKey} in the same file.`,
      [`If it is yours, set ${variable} in the environment.`]
    )
  }
)

/** How to reach a bucket. */
export interface Access {
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: Redacted.Redacted
  readonly secretAccessKey: Redacted.Redacted
  readonly sessionToken: Redacted.Redacted | undefined
}

/** How to reach the service of a bucket. */
export const access: Effect.Effect<Access, Problem, FileSystem.FileSystem> = Effect.gen(function*() {
  const environment = yield* ConfigProvider.ConfigProvider
  const file = yield* Settings.dotEnv
  const ofEnvironment = yield* keysOf(environment)
  const ofFile = file === undefined ? none : yield* keysOf(file)
  const isOfFile = ofEnvironment.accessKeyId === undefined && ofEnvironment.secretAccessKey === undefined
  const { accessKeyId, secretAccessKey, sessionToken } = isOfFile ? ofFile : ofEnvironment
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    return yield* missing([
      ...(accessKeyId === undefined ? [variables.accessKeyId] : []),
      ...(secretAccessKey === undefined ? [variables.secretAccessKey] : [])
    ])
  }
  const sources = [environment, ...(isOfFile && file !== undefined ? [file] : [])]
  const region = (yield* firstOf(sources, variables.region)) ?? "us-east-1"
  if (!/^[a-z0-9-]{2,40}$/i.test(region)) {
    return yield* usage(`${variables.region[0]} is no name of a region, for example eu-central-1.`)
  }
  const endpoint = (yield* firstOf(sources, variables.endpoint)) ?? amazon(region)
  if (!isOrigin(endpoint)) {
    const shown = Redact.clip(Redact.text(Redact.url(endpoint)), 200)
    return yield* usage(`${variables.endpoint[0]} is ${shown}; allowed: an http(s) address without a query.`)
  }
  return {
    endpoint,
    region,
    accessKeyId: Redacted.make(accessKeyId, { label: variables.accessKeyId }),
    secretAccessKey: Redacted.make(secretAccessKey, { label: variables.secretAccessKey }),
    sessionToken: sessionToken === undefined
      ? undefined
      : Redacted.make(sessionToken, { label: variables.sessionToken })
  }
})

// internal

const parsed = (text: string): Effect.Effect<ArchiveChoice.Choice, Problem> => {
  const chosen = ArchiveChoice.parse(text)
  return chosen === undefined
    ? Effect.fail(usage(`${variable} is ${Redact.url(text)}; allowed: ${ArchiveChoice.allowed}.`))
    : Effect.succeed(chosen)
}

interface Keys {
  readonly accessKeyId: string | undefined
  readonly secretAccessKey: string | undefined
  readonly sessionToken: string | undefined
}

const none: Keys = { accessKeyId: undefined, secretAccessKey: undefined, sessionToken: undefined }

const keysOf = (source: ConfigProvider.ConfigProvider): Effect.Effect<Keys> =>
  Effect.all({
    accessKeyId: Settings.read(source, variables.accessKeyId),
    secretAccessKey: Settings.read(source, variables.secretAccessKey),
    sessionToken: Settings.read(source, variables.sessionToken)
  })

/** A source goes before the next one, and in it a name before the next one. */
const firstOf = Effect.fnUntraced(function*(
  sources: ReadonlyArray<ConfigProvider.ConfigProvider>,
  names: ReadonlyArray<string>
) {
  for (const source of sources) {
    for (const name of names) {
      const found = yield* Settings.read(source, name)
      if (found !== undefined) return found
    }
  }
  return undefined
})

const missing = (names: ReadonlyArray<string>): Problem =>
  new Problem({
    reason: "Unauthorized",
    code: ExitCode.ofReason.Unauthorized,
    message: `There is no key for the bucket of the archive: ${names.join(" and ")} ${
      names.length === 1 ? "is" : "are"
    } not set.`,
    hint: [
      `  export ${variables.accessKeyId}=… ${variables.secretAccessKey}=…        or write them into a file .env in this folder`,
      `Another service than Amazon's has its address in ${
        variables.endpoint[0]
      }, for example https://….r2.cloudflarestorage.com`,
      "To keep files in a folder:  --archive DIR, to keep none:  --archive none"
    ]
  })

const amazon = (region: string): string => `https://s3.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`

const isOrigin = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { hash, password, protocol, search, username } = new URL(text)
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === ""
}
