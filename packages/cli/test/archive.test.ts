import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as S3Server from "../../node/test/support/s3Server.ts"
import * as Command from "./utils/command.ts"

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

const fox = ["create", "--provider", "generic", "--model", "kling-v1", "--prompt", "A fox", ...fast]

/** A user with folders of their own, and the command that they run against the simulator of the test. */
const user = () => {
  const [data, cwd] = [Command.emptyFolder(), Command.emptyFolder()]
  const vt = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Command.RunOptions = {}) {
    const { baseUrl } = yield* SimulatorServer.SimulatorServer
    const env = { GENERIC_API_KEY: "sk-secret-1234567890", GENERIC_BASE_URL: baseUrl, ...options.env }
    return yield* Effect.promise(() => Command.run(command.file, args, { ...options, cwd, data, env }))
  })
  return { cwd, vt, place: (name: string) => path.join(cwd, name) }
}

/** The variables of somebody who has a key for the bucket. */
const keys = (origin: string) => ({
  AWS_ACCESS_KEY_ID: S3Server.credentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: S3Server.credentials.secretAccessKey,
  AWS_ENDPOINT_URL_S3: origin
})

const ledger = Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** What a line says of the files that are kept. */
const archivedOf = (line: Command.Line | undefined) =>
  (line as unknown as {
    readonly files: ReadonlyArray<
      { readonly kind: string; readonly key: string; readonly uri: string; readonly sha256: string }
    >
  }).files

const archivedLines = (ran: Command.Ran) => Command.lines(ran).filter(({ type }) => type === "task.archived")

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>,
  timeout = 120_000
) => it.live(name, () => Effect.provide(body, server, { local: true }), timeout)

describe("the archive of the command", { concurrent: true }, () => {
  live(
    "keeps the file of what create follows, and says where (0)",
    Effect.gen(function*() {
      const { place, vt } = user()
      const ran = yield* vt([...fox, "--wait", "--archive", "kept"])
      assert.strictEqual(ran.code, 0, ran.stderr)
      const [, uri = "", digest] = /^kept {4}(file:\/\/\S+)  2\.5 kB\n {8}sha256 ([0-9a-f]{64})$/m.exec(ran.stdout) ??
        []
      assert.match(uri, /\/kept\/generic\/\d{4}-\d\d-\d\d\/[0-9a-f-]{36}\/video\.mp4$/)
      assert.strictEqual(sha256(fs.readFileSync(fileURLToPath(uri))), digest)
      assert.isTrue(fs.existsSync(place("kept")))
      const shown = yield* vt(["show", path.basename(path.dirname(uri)), "--json"])
      assert.deepStrictEqual<unknown>(Command.lines(shown)[0]?.files, [uri])
      assert.strictEqual((yield* vt(["list"])).stdout.includes(uri), true)
    })
  )

  live(
    "is named by the environment, too, and told in JSON: at once where it was kept before (0)",
    Effect.gen(function*() {
      const { vt } = user()
      const env = { VIDEO_TASKS_ARCHIVE: "kept" }
      const handle = (yield* vt(fox, { env })).stdout.trim()
      const first = yield* vt(["wait", handle, "--json", ...fast], { env })
      assert.strictEqual(first.code, 0, first.stderr)
      const [line, ...others] = archivedLines(first)
      assert.deepStrictEqual([line?.handle, others], [handle, []])
      assert.deepStrictEqual(archivedOf(line).map(({ kind }) => kind), ["video"])
      const again = yield* vt(["wait", handle, "--json"], { env })
      assert.deepStrictEqual(archivedLines(again), [line])
      const human = yield* vt(["wait", handle], { env })
      assert.strictEqual(human.stdout.split(archivedOf(line)[0]?.uri ?? "?").length, 2)
      const none = yield* vt(["wait", handle, "--json", "--archive", "none"], { env })
      assert.deepStrictEqual([none.code, archivedLines(none)], [0, []])
    })
  )

  live(
    "keeps the file beside the one that is saved (0)",
    Effect.gen(function*() {
      const { place, vt } = user()
      const ran = yield* vt([...fox, "--output", "fox.mp4", "--archive", "kept", "--json"])
      assert.strictEqual(ran.code, 0, ran.stderr)
      const [line] = archivedLines(ran)
      assert.strictEqual(archivedOf(line)[0]?.sha256, sha256(fs.readFileSync(place("fox.mp4"))))
    })
  )

  live(
    "keeps the files of several tasks in a bucket, and shows no secret (0)",
    Effect.gen(function*() {
      const { vt } = user()
      const s3 = yield* S3Server.make()
      const env = { ...keys(s3.origin), AWS_SESSION_TOKEN: "session-token-0123456789" }
      const handles = [(yield* vt(fox)).stdout.trim(), (yield* vt(fox)).stdout.trim()]
      const args = ["wait", ...handles, "--archive", "s3://bucket/films/2026", ...fast]
      const ran = yield* vt([...args, "--json", "--log-level", "debug"], { env })
      assert.strictEqual(ran.code, 0, ran.stderr)
      const lines = archivedLines(ran)
      assert.deepStrictEqual(new Set(lines.map(({ handle }) => handle)), new Set(handles))
      for (const line of lines) {
        const [file] = archivedOf(line)
        assert.strictEqual(file?.uri, `s3://bucket/films/2026/${file?.key}`)
        assert.strictEqual(sha256(s3.objects.get(`films/2026/${file?.key}`)?.body ?? Buffer.of()), file?.sha256)
      }
      assert.strictEqual(s3.objects.size, 2)
      assert.isTrue(s3.seen.every(({ headers }) => headers["x-amz-security-token"] === env.AWS_SESSION_TOKEN))
      for (const secret of [env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN, "X-Tos-Signature"]) {
        assert.notInclude(ran.stderr, secret)
      }
    }).pipe(Effect.scoped)
  )

  live(
    "is refused before anything is sent when it can't be used (2, 3)",
    Effect.gen(function*() {
      const { place, vt } = user()
      fs.writeFileSync(place("file"), "")
      const key = { AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE", AWS_SECRET_ACCESS_KEY: "secret-0123456789" }
      const cases: ReadonlyArray<readonly [string, number, string, Readonly<Record<string, string>>?]> = [
        ["ftp://me:pass@example.com/x", 2, "ftp://example.com/x"],
        ["s3://", 2, "a folder, s3://bucket or s3://bucket/prefix, or none"],
        ["s3://bucket/../other", 2, "a folder, s3://bucket or s3://bucket/prefix, or none"],
        ["file", 2, "The archive file is no folder."],
        ["s3://bucket", 3, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set"],
        ["s3://bucket", 3, "AWS_SECRET_ACCESS_KEY is not set", { AWS_ACCESS_KEY_ID: key.AWS_ACCESS_KEY_ID }],
        ["s3://bucket", 2, "AWS_ENDPOINT_URL_S3 is https://example.com;", {
          ...key,
          AWS_ENDPOINT_URL_S3: "https://a:b@example.com?secret=1"
        }],
        ["s3://bucket", 2, "AWS_REGION is no name of a region", { ...key, AWS_REGION: "eu.evil.example/" }]
      ]
      for (const [archive, code, words, env = {}] of cases) {
        for (
          const given of [{ args: ["--archive", archive], env }, {
            args: [],
            env: { ...env, VIDEO_TASKS_ARCHIVE: archive }
          }]
        ) {
          const ran = yield* vt([...fox, "--wait", ...given.args], { env: given.env })
          assert.deepStrictEqual([ran.code, ran.stdout], [code, ""], `${archive}: ${ran.stderr}`)
          assert.include(ran.stderr, words)
          assert.notMatch(ran.stderr, /me:pass|a:b@|secret=1|secret-0123/)
        }
      }
      const alone = yield* vt([...fox, "--archive", "kept"])
      assert.deepStrictEqual([alone.code, alone.stdout], [2, ""])
      assert.include(alone.stderr, "add --wait or --output")
      assert.strictEqual((yield* ledger).posts, 0)
    })
  )

  live(
    "loses no video when it fails (13), and resume keeps it elsewhere while the link lives (0)",
    Effect.gen(function*() {
      const { place, vt } = user()
      const s3 = yield* S3Server.make()
      const ran = yield* vt([...fox, "--wait", "--archive", "s3://nowhere"], { env: keys(s3.origin) })
      assert.strictEqual(ran.code, 13, ran.stderr)
      assert.match(ran.stdout, /^status {2}SUCCESS[^]*^video {3}http/m)
      assert.include(ran.stderr, "error: The task is done, but its files are not archived: the archive failed: ")
      assert.include(ran.stderr, "NoSuchBucket")
      assert.include(ran.stderr, "  video-tasks resume --archive s3://nowhere/")
      const json = yield* vt(["resume", "--archive", "s3://nowhere", "--json"], { env: keys(s3.origin) })
      assert.strictEqual(json.code, 13, json.stderr)
      const [line] = Command.lines(json)
      assert.deepStrictEqual([line?.type, line?.handle, line?.error.reason], [
        "error",
        ran.stdout.split("\n")[0],
        "StoreError"
      ])
      const kept = yield* vt(["resume", "--archive", "kept"])
      assert.strictEqual(kept.code, 0, kept.stderr)
      assert.match(kept.stdout, /^kept {4}file:\/\/\S+\/video\.mp4 {2}2\.5 kB$/m)
      assert.include(kept.stderr, "Archived: 1 task.")
      assert.strictEqual(
        fs.readdirSync(place("kept"), { recursive: true }).filter((name) => String(name).endsWith("mp4")).length,
        1
      )
      const again = yield* vt(["resume", "--archive", "kept"])
      assert.deepStrictEqual([again.code, again.stdout, again.stderr], [0, "", "Nothing is unfinished.\n"])
      assert.strictEqual((yield* ledger).posts, 1)
    }).pipe(Effect.scoped)
  )

  for (const signal of ["SIGINT", "SIGKILL"] as const) {
    live(
      `goes on with resume after ${signal} in the middle of it`,
      Effect.gen(function*() {
        const { vt } = user()
        let isUp = false
        const s3 = yield* S3Server.make(() =>
          isUp ? undefined : { status: 403, body: "<Error><Code>SlowStart</Code></Error>" }
        )
        const env = { ...keys(s3.origin), VIDEO_TASKS_ARCHIVE: "s3://bucket" }
        const stopped = yield* vt([...fox, "--wait"], { env, interrupt: { when: "not archived yet", signal } })
        if (signal === "SIGINT") {
          assert.strictEqual(stopped.code, 130)
          assert.include(stopped.stderr, "Stopped archiving the files of 1 task.")
          assert.match(stopped.stderr, /Go on with\n {2}video-tasks resume\n$/)
        } else assert.strictEqual(stopped.signal, "SIGKILL")
        assert.strictEqual(s3.objects.size, 0)
        isUp = true
        const ran = yield* vt(["resume", "--json"], { env })
        assert.strictEqual(ran.code, 0, ran.stderr)
        const [line] = archivedLines(ran)
        assert.strictEqual(line?.handle, stopped.stdout.split("\n")[0])
        assert.deepStrictEqual([...s3.objects.keys()], archivedOf(line).map(({ key }) => key))
        assert.strictEqual((yield* ledger).posts, 1)
      }).pipe(Effect.scoped)
    )
  }

  live(
    "keeps what resume follows, beside the files that it saves (0)",
    Effect.gen(function*() {
      const { place, vt } = user()
      const handle = (yield* vt(fox)).stdout.trim()
      const ran = yield* vt(["resume", "--output", "out", "--archive", "kept", "--json", ...fast])
      assert.strictEqual(ran.code, 0, ran.stderr)
      const [line, ...others] = archivedLines(ran)
      assert.deepStrictEqual([line?.handle, others], [handle, []])
      const [saved = ""] = fs.readdirSync(place("out"))
      assert.strictEqual(archivedOf(line)[0]?.sha256, sha256(fs.readFileSync(place(`out/${saved}`))))
    })
  )

  live(
    "keeps the files of a batch beside those that it saves; the same command goes on after a failure (13, 0)",
    Effect.gen(function*() {
      const { place, vt } = user()
      const s3 = yield* S3Server.make()
      const lines = ["A fox", "A boat"].map((prompt) =>
        JSON.stringify({ provider: "generic", model: "kling-v1", prompt })
      )
      fs.writeFileSync(place("b.jsonl"), lines.join("\n"))
      const args = ["batch", "b.jsonl", "--output", "out", "--report", "r.jsonl", ...fast]
      const report = () =>
        fs.readFileSync(place("r.jsonl"), "utf8").trimEnd().split("\n").map((line) => JSON.parse(line))
      const env = keys(s3.origin)
      const failed = yield* vt([...args, "--archive", "s3://nowhere"], { env })
      assert.strictEqual(failed.code, 13, failed.stderr)
      assert.deepStrictEqual(
        report().map(({ archived, error, files, status }) => [status, files.length, archived, error.reason]),
        [["SUCCESS", 1, undefined, "StoreError"], ["SUCCESS", 1, undefined, "StoreError"]]
      )
      const ran = yield* vt([...args, "--archive", "s3://bucket/b"], { env })
      assert.strictEqual(ran.code, 0, ran.stderr)
      for (const { archived, error, files, id } of report()) {
        assert.deepStrictEqual([archived.length, archived[0].sha256, error], [1, files[0].sha256, null])
        assert.match(archived[0].uri, new RegExp(`^s3://bucket/b/generic/[0-9-]+/${id}/video\\.mp4$`))
      }
      assert.deepStrictEqual([s3.objects.size, (yield* ledger).posts], [2, 2])
    }).pipe(Effect.scoped)
  )
})
