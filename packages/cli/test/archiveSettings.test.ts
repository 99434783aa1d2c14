import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer, Redacted } from "effect"
import * as ArchiveChoice from "../src/internal/archiveChoice.ts"
import * as ArchiveSettings from "../src/internal/archiveSettings.ts"

const surroundings = (environment: Record<string, string>, dotEnv: string | undefined) =>
  Layer.mergeAll(
    FileSystem.layerNoop({
      exists: (path) => Effect.succeed(path === ".env" && dotEnv !== undefined),
      readFileString: () => Effect.succeed(dotEnv ?? "")
    }),
    ConfigProvider.layer(ConfigProvider.fromEnvRecord(environment))
  )

const named = (environment: Record<string, string>, dotEnv?: string) =>
  Effect.provide(ArchiveSettings.named, surroundings(environment, dotEnv))

const access = (environment: Record<string, string>, dotEnv?: string) =>
  ArchiveSettings.access.pipe(
    Effect.map(({ accessKeyId, endpoint, region, secretAccessKey, sessionToken }) => ({
      endpoint,
      region,
      keys: [accessKeyId, secretAccessKey, sessionToken].map((one) => one === undefined ? one : Redacted.value(one))
    })),
    Effect.provide(surroundings(environment, dotEnv))
  )

const key = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" }

const keyOfFile = "AWS_ACCESS_KEY_ID=file-id\nAWS_SECRET_ACCESS_KEY=file-secret\n"

describe("the words for an archive", () => {
  for (
    const [text, choice] of [
      ["none", { _tag: "none" }],
      [" kept ", { _tag: "folder", path: "kept" }],
      ["C:\\kept", { _tag: "folder", path: "C:\\kept" }],
      ["s3://bucket", { _tag: "bucket", bucket: "bucket", prefix: "" }],
      ["s3://my.bucket-1//films/2026/", { _tag: "bucket", bucket: "my.bucket-1", prefix: "films/2026/" }],
      ["", undefined],
      ["s3://", undefined],
      ["s3://key:secret@bucket", undefined],
      ["s3://bucket/a/../b", undefined],
      ["s3://bucket/a?versionId=1", undefined],
      ["https://bucket.example.com", undefined],
      ["file:///kept", undefined]
    ] as const
  ) {
    it(`take ${JSON.stringify(text)} for ${JSON.stringify(choice)}`, () => {
      assert.deepStrictEqual<unknown>(ArchiveChoice.parse(text), choice)
    })
  }

  it("are those that are typed again", () => {
    for (const text of ["none", "kept", "s3://bucket/", "s3://bucket/films/2026/"]) {
      const choice = ArchiveChoice.parse(text)
      assert.strictEqual(choice === undefined ? undefined : ArchiveChoice.format(choice), text)
    }
  })
})

describe("the settings of an archive", () => {
  it.effect("name it in the environment, else in .env", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* named({}), undefined)
      assert.deepStrictEqual(yield* named({ VIDEO_TASKS_ARCHIVE: "a" }, "VIDEO_TASKS_ARCHIVE=b"), {
        _tag: "folder",
        path: "a"
      })
      assert.deepStrictEqual(yield* named({}, "VIDEO_TASKS_ARCHIVE=b"), { _tag: "folder", path: "b" })
    }))

  it.effect("take a bucket of .env only together with a key from there", () =>
    Effect.gen(function*() {
      const bucket = { _tag: "bucket", bucket: "bb", prefix: "" } as const
      assert.deepStrictEqual(yield* named({}, `${keyOfFile}VIDEO_TASKS_ARCHIVE=s3://bb`), bucket)
      const { code, message } = yield* Effect.flip(named(key, "VIDEO_TASKS_ARCHIVE=s3://bb"))
      assert.strictEqual(code, 2)
      assert.include(message, "counts only together with AWS_SECRET_ACCESS_KEY in the same file")
    }))

  it.effect("know Amazon's addresses", () =>
    Effect.gen(function*() {
      const endpoints = yield* Effect.forEach(
        [{}, { AWS_REGION: "eu-central-1" }, { AWS_REGION: "cn-north-1" }],
        (more) => Effect.map(access({ ...key, ...more }), ({ endpoint, region }) => [region, endpoint])
      )
      assert.deepStrictEqual(endpoints, [
        ["us-east-1", "https://s3.us-east-1.amazonaws.com"],
        ["eu-central-1", "https://s3.eu-central-1.amazonaws.com"],
        ["cn-north-1", "https://s3.cn-north-1.amazonaws.com.cn"]
      ])
    }))

  it.effect("prefer the more special variable, and lead no key of the environment to an address of .env", () =>
    Effect.gen(function*() {
      const endpoints = { AWS_ENDPOINT_URL: "https://a.example", AWS_ENDPOINT_URL_S3: "https://b.example" }
      const dotEnv = `${keyOfFile}AWS_ENDPOINT_URL_S3=https://file.example\nAWS_REGION=auto\nAWS_SESSION_TOKEN=token`
      assert.deepStrictEqual(yield* access({ ...key, ...endpoints, AWS_DEFAULT_REGION: "auto" }, dotEnv), {
        endpoint: "https://b.example",
        region: "auto",
        keys: ["id", "secret", undefined]
      })
      assert.deepStrictEqual(yield* access(key, dotEnv), {
        endpoint: "https://s3.us-east-1.amazonaws.com",
        region: "us-east-1",
        keys: ["id", "secret", undefined]
      })
      assert.deepStrictEqual(yield* access({}, dotEnv), {
        endpoint: "https://file.example",
        region: "auto",
        keys: ["file-id", "file-secret", "token"]
      })
    }))

  it.effect("make no key of two halves", () =>
    Effect.gen(function*() {
      const { code, message } = yield* Effect.flip(access({ AWS_ACCESS_KEY_ID: "id" }, keyOfFile))
      assert.deepStrictEqual([code, message.includes("AWS_SECRET_ACCESS_KEY is not set")], [3, true])
    }))
})
