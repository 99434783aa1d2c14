import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer, Redacted } from "effect"
import { Problem } from "../src/internal/problem.ts"
import * as Settings from "../src/internal/settings.ts"

const surroundings = (environment: Record<string, string>, dotEnv: string | undefined) =>
  Layer.mergeAll(
    FileSystem.layerNoop({
      exists: (path) => Effect.succeed(path === ".env" && dotEnv !== undefined),
      readFileString: () => Effect.succeed(dotEnv ?? "")
    }),
    ConfigProvider.layer(ConfigProvider.fromEnvRecord(environment))
  )

/** What the settings say of CometAPI, with an environment and a file `.env`. */
const access = (
  environment: Record<string, string>,
  dotEnv: string | undefined,
  options: { readonly flag?: string; readonly id?: Settings.ProviderId } = {}
) =>
  Settings.load.pipe(
    Effect.flatMap((settings) => settings.access(options.id ?? "cometapi", options.flag)),
    Effect.map(({ apiKey, ...rest }) => ({
      ...rest,
      apiKey: apiKey === undefined ? undefined : Redacted.value(apiKey)
    })),
    Effect.provide(surroundings(environment, dotEnv))
  )

/** The store that the settings name. */
const store = (environment: Record<string, string>, dotEnv: string | undefined) =>
  Effect.provide(Settings.store, surroundings(environment, dotEnv))

describe("settings", () => {
  it.effect("finds nothing where nothing is set", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* access({}, undefined), { apiKey: undefined, baseUrl: undefined })
    }))

  it.effect("reads key and base URL from the environment", () =>
    Effect.gen(function*() {
      const found = yield* access(
        { COMETAPI_KEY: "sk-env", COMETAPI_BASE_URL: "https://proxy.example.com/v/" },
        undefined
      )
      assert.deepStrictEqual(found, { apiKey: "sk-env", baseUrl: "https://proxy.example.com/v" })
    }))

  it.effect("reads both from .env, in its usual spellings", () =>
    Effect.gen(function*() {
      const file = `# keys\nexport COMETAPI_KEY="sk-file"\nCOMETAPI_BASE_URL=https://file.example.com # mine\n`
      assert.deepStrictEqual(yield* access({}, file), { apiKey: "sk-file", baseUrl: "https://file.example.com" })
    }))

  it.effect("takes a key of .env although another provider's is in the environment", () =>
    Effect.gen(function*() {
      const found = yield* access({ SEEANY_API_KEY: "sk-see" }, "COMETAPI_KEY=sk-file")
      assert.deepStrictEqual(found, { apiKey: "sk-file", baseUrl: undefined })
    }))

  it.effect("lets no base URL of .env lead a key of the environment away", () =>
    Effect.gen(function*() {
      const found = yield* access({ COMETAPI_KEY: "sk-env" }, "COMETAPI_BASE_URL=https://evil.example.com")
      assert.strictEqual(found.baseUrl, undefined)
      assert.strictEqual(found.apiKey, "sk-env")
      assert.include(found.remark, "COMETAPI_BASE_URL in .env is not used")
    }))

  it.effect("lets no base URL of .env lead a key of the environment away when .env has a key too", () =>
    Effect.gen(function*() {
      const file = "COMETAPI_KEY=sk-file\nCOMETAPI_BASE_URL=https://evil.example.com"
      const found = yield* access({ COMETAPI_KEY: "sk-env" }, file)
      assert.strictEqual(found.baseUrl, undefined)
      assert.strictEqual(found.apiKey, "sk-env")
    }))

  it.effect("prefers the flag to the environment, and the environment to .env", () =>
    Effect.gen(function*() {
      const environment = { COMETAPI_KEY: "sk-env", COMETAPI_BASE_URL: "https://env.example.com" }
      const file = "COMETAPI_KEY=sk-file\nCOMETAPI_BASE_URL=https://file.example.com"
      const flag = "https://flag.example.com"
      assert.deepStrictEqual(yield* access(environment, file), { apiKey: "sk-env", baseUrl: "https://env.example.com" })
      assert.deepStrictEqual(yield* access(environment, file, { flag }), { apiKey: "sk-env", baseUrl: flag })
    }))

  it.effect("counts an empty variable as not set", () =>
    Effect.gen(function*() {
      const found = yield* access({ COMETAPI_KEY: "", COMETAPI_BASE_URL: " " }, "COMETAPI_KEY=sk-file")
      assert.deepStrictEqual(found, { apiKey: "sk-file", baseUrl: undefined })
    }))

  it.effect("shows a base URL that it refuses, but no key that stands in its place", () =>
    Effect.gen(function*() {
      const environment = { COMETAPI_KEY: "unprefixed-key" }
      const messageOf = (COMETAPI_BASE_URL: string) =>
        Effect.map(
          Effect.flip(access({ ...environment, COMETAPI_BASE_URL }, undefined)),
          ({ message }) => message.replace(/; allowed: .*$/, "")
        )
      assert.strictEqual(
        yield* messageOf("ftp://me:s3cr3t@x.example.com/v1"),
        "COMETAPI_BASE_URL is ftp://x.example.com/v1"
      )
      assert.strictEqual(yield* messageOf("unprefixed-key"), "COMETAPI_BASE_URL is <redacted>")
    }))

  it.effect("refuses a base URL that carries a query, without showing it", () =>
    Effect.gen(function*() {
      const environment = { COMETAPI_KEY: "sk-env", COMETAPI_BASE_URL: "https://x.example.com/?token=s3cr3t" }
      const problem = yield* Effect.flip(access(environment, undefined))
      assert.instanceOf(problem, Problem)
      assert.strictEqual(problem.code, 2)
      assert.include(problem.message, "COMETAPI_BASE_URL")
      assert.notInclude(problem.message, "s3cr3t")
    }))

  it.effect.each<[Record<string, string>, string | undefined]>([
    [{ VIDEO_TASKS_STORE: "mysql://me:s3cr3t@localhost/tasks" }, undefined],
    [{}, "VIDEO_TASKS_STORE=mysql://me:s3cr3t@localhost/tasks"],
    // A folder that somebody else filled does not lead tasks into a foreign database.
    [{ COMETAPI_KEY: "sk-env" }, "VIDEO_TASKS_STORE=postgres://me:s3cr3t@localhost/tasks"]
  ])("refuses a store and shows no password (%j, %j)", ([environment, file]) =>
    Effect.gen(function*() {
      const problem = yield* Effect.flip(store(environment, file))
      assert.strictEqual(problem.code, 2)
      assert.match(problem.message, /^VIDEO_TASKS_STORE /)
      assert.notInclude([problem.message, ...problem.hint ?? []].join(), "s3cr3t")
    }))

  it.effect("takes the store of the environment before that of .env", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* store({}, undefined), undefined)
      assert.deepStrictEqual(yield* store({}, "VIDEO_TASKS_STORE=a.db"), { _tag: "file", path: "a.db" })
      assert.deepStrictEqual(yield* store({ VIDEO_TASKS_STORE: "memory" }, "VIDEO_TASKS_STORE=a.db"), {
        _tag: "memory"
      })
      const shared = yield* store({}, "COMETAPI_KEY=sk-file\nVIDEO_TASKS_STORE=postgres://me:s3cr3t@localhost/tasks")
      assert.strictEqual(shared?._tag, "postgres")
    }))

  it("tells a first-time user which variable to set, and that the demo needs none", () => {
    const problem = Settings.missingKey("seeany")
    assert.strictEqual(problem.code, 3)
    assert.include(problem.message, "SEEANY_API_KEY")
    assert.include(problem.hint?.join("\n"), "video-tasks demo")
  })
})
