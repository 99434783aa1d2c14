import { assert, describe, it } from "@effect/vitest"
import { TaskHandle } from "@video-tasks/core"
import { type Script, Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect, Schedule } from "effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Command from "./utils/command.ts"

const seedance = ["create", "--provider", "cometapi", "--model", "doubao-seedance-2-0-fast"]

const generic = ["create", "--provider", "generic", "--model", "kling-v1"]

/** Reads as fast as the simulated minutes pass. */
const fast = ["--poll-floor", "40ms", "--poll-ceiling", "100ms"]

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const variables = (baseUrl: string, key = "sk-secret-1234567890") => ({
  COMETAPI_KEY: key,
  COMETAPI_BASE_URL: baseUrl,
  SEEANY_API_KEY: key,
  SEEANY_BASE_URL: baseUrl,
  GENERIC_API_KEY: key,
  GENERIC_BASE_URL: baseUrl
})

/** Runs the bundled command against a fresh simulator that plays a script. */
const vt = Effect.fnUntraced(function*(args: ReadonlyArray<string>, options: Command.RunOptions & {
  readonly script?: ReadonlyArray<Script.Line>
  readonly key?: string
} = {}) {
  const { baseUrl } = yield* SimulatorServer.SimulatorServer
  const { script } = yield* Simulator.Simulator
  yield* script(options.script ?? [])
  const env = { ...variables(baseUrl, options.key), ...options.env }
  return yield* Effect.promise(() => Command.run(command.file, args, { ...options, env }))
})

const ledger = Effect.flatMap(Simulator.Simulator, (simulator) => simulator.ledger)

const first = (ran: Command.Ran): string => ran.stdout.split("\n")[0] ?? ""

/** Each test has a simulator of its own, so that they can run side by side. */
const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

describe("the command", { concurrent: true }, () => {
  live(
    "creates, waits and saves the file, and the create is sent once (0)",
    Effect.gen(function*() {
      const cwd = Command.emptyFolder()
      const ran = yield* vt([...seedance, "--prompt", "A boat", "--output", "boat.mp4", ...fast], { cwd })
      assert.strictEqual(ran.code, 0, ran.stderr)
      const handle = TaskHandle.parse(first(ran))
      assert.strictEqual(handle?.provider, "cometapi")
      assert.match(ran.stdout, /^status {2}SUCCESS/m)
      assert.match(ran.stdout, /^video {3}http:\/\/127\.0\.0\.1:\d+\/files\/.*X-Tos-Signature=/m)
      assert.match(ran.stdout, /^file {4}boat\.mp4 {2}2\.5 kB\n {8}sha256 [0-9a-f]{64}$/m)
      assert.strictEqual(fs.readFileSync(path.join(cwd, "boat.mp4")).subarray(4, 8).toString(), "ftyp")
      assert.notInclude(ran.stderr, "X-Tos-Signature")
      const { bills, posts } = yield* ledger
      assert.deepStrictEqual({ posts, bills }, { posts: 1, bills: 1 })
    })
  )

  live(
    "prints the handle alone on stdout without --wait, and how to go on on stderr (0)",
    Effect.gen(function*() {
      const ran = yield* vt([...seedance, "--prompt", "A boat"])
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.isDefined(TaskHandle.parse(ran.stdout.trim()))
      assert.strictEqual(ran.stderr, `Follow it with:  video-tasks wait ${ran.stdout}`)
    })
  )

  live(
    "names the download command in the last line when nothing was downloaded",
    Effect.gen(function*() {
      const ran = yield* vt([...seedance, "--prompt", "A boat", "--wait", ...fast])
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.include(ran.stderr.trimEnd().split("\n").at(-1), `video-tasks download ${first(ran)} --output`)
    })
  )

  live(
    "prints JSON lines and nothing else on stdout",
    Effect.gen(function*() {
      const ran = yield* vt([...generic, "--prompt", "A fox", "--wait", "--json", ...fast])
      assert.strictEqual(ran.code, 0, ran.stderr)
      const lines = Command.lines(ran)
      const types = lines.map((line) => line.type)
      assert.deepStrictEqual([...new Set(types)], ["task.created", "task.updated", "task.finished"])
      assert.strictEqual(types.filter((type) => type === "task.finished").length, 1)
      for (const line of lines) assert.deepStrictEqual(line.handle, lines[0]?.handle)
      const last = lines.at(-1)?.task
      assert.strictEqual(last?.status, "SUCCESS")
      assert.include(last?.videos[0].url, "X-Tos-Signature=")
      for (const line of lines.slice(0, -1)) assert.notInclude(JSON.stringify(line), "X-Tos-Signature")
      assert.strictEqual(ran.stderr, "")
    })
  )

  live(
    "says nothing on stderr with --quiet",
    Effect.gen(function*() {
      const ran = yield* vt([...generic, "--prompt", "A fox", "--wait", "--quiet", ...fast])
      assert.strictEqual(ran.code, 0)
      assert.strictEqual(ran.stderr, "")
    })
  )

  live(
    "takes up a task by its handle: status, wait, url, download (0)",
    Effect.gen(function*() {
      const cwd = Command.emptyFolder()
      const handle = (yield* vt([...seedance, "--prompt", "A boat [job=20]"])).stdout.trim()
      const status = yield* vt(["status", handle, "--json"])
      assert.strictEqual(status.code, 0, status.stderr)
      assert.include(["task.updated", "task.finished"], Command.lines(status)[0]?.type)
      const waited = yield* vt(["wait", handle, "--json", ...fast])
      assert.strictEqual(waited.code, 0, waited.stderr)
      assert.strictEqual(Command.lines(waited).at(-1)?.type, "task.finished")
      const url = yield* vt(["url", handle])
      assert.strictEqual(url.code, 0, url.stderr)
      assert.match(url.stdout, /^http:\/\/127\.0\.0\.1:\d+\/files\/\S*X-Tos-Signature=\S*\n$/)
      const file = yield* vt(["download", handle, "--output", "boat.mp4", "--json"], { cwd })
      assert.strictEqual(file.code, 0, file.stderr)
      assert.strictEqual(Command.lines(file).at(-1)?.files[0].bytes, fs.statSync(path.join(cwd, "boat.mp4")).size)
      assert.strictEqual((yield* ledger).posts, 1)
    })
  )

  live(
    "adopts a task that was created elsewhere (0)",
    Effect.gen(function*() {
      const simulator = yield* Simulator.Simulator
      const id = yield* simulator.addTask("seeany", { jobSeconds: 10 })
      const ran = yield* vt(["attach", "--provider", "seeany", id, "--wait", "--json", ...fast])
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.strictEqual(Command.lines(ran).at(-1)?.task.remoteId, id)
    })
  )

  live(
    "attaches without a key what it does not ask about (0)",
    Effect.gen(function*() {
      const env = { COMETAPI_KEY: "" }
      const ran = yield* vt(["attach", "--provider", "cometapi", "--family", "kling", "1"], { env })
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.match(ran.stdout, /^vt1_/)
      assert.strictEqual((yield* vt(["attach", "--provider", "cometapi", "1", "--wait"], { env })).code, 3)
    })
  )

  live(
    "lists the models without a key (0)",
    Effect.gen(function*() {
      const { baseUrl } = yield* SimulatorServer.SimulatorServer
      const env = { COMETAPI_KEY: "", COMETAPI_BASE_URL: baseUrl }
      const ran = yield* vt(["models"], { env })
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.match(ran.stdout, /^doubao-seedance-2-0 +seedance +4–15 +21:9.* 0\.1 USD a second +POST \/v1\/videos$/m)
      assert.match(ran.stdout, /^kling-v2-master .* unknown +POST \/kling\/v1\/videos\/text2video, POST /m)
      assert.notInclude(ran.stdout, "gpt-5-mini")
      assert.match((yield* vt(["models", "--type", "text"], { env })).stdout, /^gpt-5-mini /m)
      for (const id of ["cometapi", "runway"]) {
        const nosuch = yield* vt(["models", "--provider", id, "--type", "nosuch"], { env })
        assert.deepStrictEqual([nosuch.code, nosuch.stdout], [2, ""])
        assert.match(
          nosuch.stderr,
          new RegExp(`^error: ${id} lists no models of the type nosuch; allowed: all, video`, "m")
        )
      }
      const away = yield* vt(["models", "--json", "--base-url", "http://127.0.0.1:1"], { env })
      const [first, second] = Command.lines(away)
      assert.deepStrictEqual([away.code, first?.type, second?.type], [10, "error", "model"])
      const lines = Command.lines(yield* vt(["models", "--json"], { env }))
      assert.deepStrictEqual(lines.find((line) => line.id === "veo3-fast")?.price, {
        per: "request",
        amount: 0.4,
        unit: "USD"
      })
      assert.isNull(lines.find((line) => line.id === "kling-v2-master")?.price)
      assert.deepStrictEqual(
        lines.find((line) => line.id === "doubao-seedance-1-0-pro")?.seconds,
        { min: 2, max: 10, default: 5 }
      )
      const runway = Command.lines(yield* vt(["models", "--provider", "runway", "--json"], { env }))
      const gen4 = runway.find((line) => line.id === "gen4_turbo")
      assert.deepStrictEqual(
        [gen4?.minImages, gen4?.maxImages, gen4?.maxPromptLength, gen4?.promptIsOptional],
        [1, 1, 1000, true]
      )
    })
  )

  live(
    "says what a video will cost, or why nobody can, without a key and without a create (0)",
    Effect.gen(function*() {
      const env = { COMETAPI_KEY: "" }
      const estimate = (...args: ReadonlyArray<string>) => vt(["estimate", "--provider", "cometapi", ...args], { env })
      const known = yield* estimate("--model", "doubao-seedance-2-0-fast")
      assert.deepStrictEqual([known.code, known.stdout], [0, "0.25 USD (5 s at 0.05 USD a second)\n"])
      const long = yield* estimate("--model", "doubao-seedance-2-0-fast", "--seconds", "100")
      assert.deepStrictEqual([long.code, long.stdout], [0, "5 USD (100 s at 0.05 USD a second)\n"])
      assert.match(long.stderr, /^A create would be refused: seconds is 100; allowed: a whole number from 4 to 15/)
      const two = yield* estimate("--model", "doubao-seedance-2-0-fast", "--option", "n=2")
      assert.strictEqual(two.stdout, "0.5 USD (2 videos of 5 s at 0.05 USD a second)\n")
      const gen4 = ["--model", "gen4.5", "--option", "duration=auto", "--image", "https://example.com/a.jpg"]
      const auto = yield* vt(["estimate", "--provider", "runway", ...gen4], { env })
      assert.deepStrictEqual([auto.code, auto.stdout], [
        0,
        "unknown: it costs 12 credits a second, and how much of it this request pays for is not known before\n"
      ])
      assert.match(auto.stderr, /^A create would be refused: options\.duration is auto; allowed: nothing for gen4\.5/)
      const refused = Effect.fnUntraced(function*(...args: ReadonlyArray<string>) {
        const ran = yield* vt(["estimate", "--json", ...args], { env })
        assert.deepStrictEqual([ran.code, ran.stderr], [0, ""])
        return Command.lines(ran)[0]?.refused
      })
      assert.deepStrictEqual<unknown>(yield* refused("--provider", "runway", "--model", "gen4_turbo"), [
        { field: "images", value: "none", allowed: "at least one picture for gen4_turbo" }
      ])
      assert.deepStrictEqual<unknown>(yield* refused("--provider", "seeany", "--model", "m"), [
        { field: "provider", value: "seeany", allowed: "one with a create, which this API has not" }
      ])
      const retired = yield* estimate("--model", "sora-2")
      assert.match(
        retired.stderr,
        /^A create would be refused: model is sora-2; allowed: a model that is served \(OpenAI/
      )
      const unknown = yield* estimate("--model", "kling-v2-master")
      assert.deepStrictEqual([unknown.code, unknown.stdout], [0, "unknown: the catalogue has no price for it\n"])
      const [line] = Command.lines(yield* estimate("--model", "veo3-fast", "--json"))
      assert.deepStrictEqual<unknown>(line, {
        type: "estimate",
        provider: "cometapi",
        family: "video",
        model: "veo3-fast",
        cost: { amount: 0.4, unit: "USD", kind: "estimate" },
        price: { per: "request", amount: 0.4, unit: "USD" }
      })
      assert.strictEqual((yield* ledger).posts, 0)
    })
  )

  live(
    "creates within --max-cost, and shows what was expected (0)",
    Effect.gen(function*() {
      const args = [...seedance, "--prompt", "A boat", "--wait", ...fast]
      const ran = yield* vt([...args, "--max-cost", "0.25 usd"])
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.match(ran.stdout, /^cost {4}0\.25 USD \(estimate\)$/m)
      const done = Command.lines(yield* vt([...args, "--max-cost", "1", "--json"])).at(-1)
      const cost = { amount: 0.25, unit: "USD", kind: "estimate" }
      assert.deepStrictEqual([done?.task.cost, done?.task.estimate], [cost, cost])
    })
  )

  live(
    "shows the bill beside the estimate where the provider tells one (0)",
    Effect.gen(function*() {
      const grok = ["create", "--provider", "cometapi", "--model", "grok-imagine-video", "--prompt", "A fox", "--wait"]
      const ran = yield* vt([...grok, "--seconds", "4", "--max-cost", "1", "--json", ...fast])
      assert.strictEqual(ran.code, 0, ran.stderr + ran.stdout)
      const lines = Command.lines(ran)
      const estimate = { amount: 0.2, unit: "USD", kind: "estimate" }
      assert.deepStrictEqual(lines[0]?.task.cost, estimate)
      assert.deepStrictEqual(lines.at(-1)?.task.cost, { ...estimate, kind: "bill" })
      assert.deepStrictEqual(lines.at(-1)?.task.estimate, estimate)
    })
  )

  const codes: ReadonlyArray<{
    readonly name: string
    readonly code: number
    readonly args: ReadonlyArray<string>
    readonly reason: string
    readonly posts?: number
    readonly script?: ReadonlyArray<Script.Line>
    readonly key?: string
  }> = [
    {
      name: "a request that costs more than it may",
      code: 2,
      reason: "BudgetExceeded",
      posts: 0,
      args: [...seedance, "--prompt", "A boat", "--max-cost", "0.1"]
    },
    {
      name: "a request whose price is unknown, under a limit",
      code: 2,
      reason: "BudgetExceeded",
      posts: 0,
      args: [...generic, "--prompt", "A boat", "--max-cost", "100"]
    },
    {
      name: "a request without a word",
      code: 2,
      reason: "InvalidRequest",
      posts: 0,
      args: seedance
    },
    {
      name: "a request that is out of range",
      code: 2,
      reason: "InvalidRequest",
      posts: 0,
      args: [...seedance, "--prompt", "x", "--seconds", "99"]
    },
    {
      name: "a create that the API does not have",
      code: 2,
      reason: "Unsupported",
      posts: 0,
      args: ["create", "--provider", "seeany", "--model", "m", "--prompt", "x"]
    },
    {
      name: "a model that is not served",
      code: 2,
      reason: "ModelUnavailable",
      args: ["create", "--provider", "cometapi", "--model", "no-such-model", "--prompt", "x"]
    },
    {
      name: "an upload that is too large",
      code: 2,
      reason: "PayloadTooLarge",
      args: [...seedance, "--prompt", "x"],
      script: [{ on: "create", fault: "413" }]
    },
    {
      name: "a picture that is none",
      code: 2,
      reason: "InvalidRequest",
      posts: 0,
      args: [...seedance, "--prompt", "x", "--image", "nowhere.jpg"]
    },
    {
      name: "a key that is refused",
      code: 3,
      reason: "Unauthorized",
      args: [...seedance, "--prompt", "x"],
      key: "sk-invalid"
    },
    {
      name: "an account without quota",
      code: 3,
      reason: "QuotaExceeded",
      args: [...seedance, "--prompt", "x"],
      key: "sk-broke"
    },
    {
      name: "a task that nobody knows",
      code: 4,
      reason: "TaskNotFound",
      posts: 0,
      args: ["attach", "--provider", "cometapi", "task_nowhere", "--wait", ...fast]
    },
    {
      name: "a task that FAILED",
      code: 5,
      reason: "TaskFailed",
      posts: 1,
      args: [...generic, "--prompt", "x [fail]", "--wait", ...fast]
    },
    {
      name: "a task that ended with ERROR",
      code: 6,
      reason: "TaskErrored",
      posts: 1,
      args: [...seedance, "--prompt", "x [error]", "--wait", ...fast]
    },
    {
      name: "a task that was CANCELLED",
      code: 7,
      reason: "TaskCancelled",
      posts: 1,
      args: [...seedance, "--prompt", "x", "--wait", ...fast],
      script: [{ on: "poll", fault: "unknown-status", status: "cancelled" }]
    },
    {
      name: "a task that EXPIRED",
      code: 7,
      reason: "TaskExpired",
      posts: 1,
      args: [...seedance, "--prompt", "x", "--wait", ...fast],
      script: [{ on: "poll", fault: "unknown-status", status: "expired" }]
    },
    {
      name: "a deadline that passed",
      code: 8,
      reason: "WaitTimedOut",
      posts: 1,
      args: [...seedance, "--prompt", "x [stuck]", "--wait", "--deadline", "300ms", ...fast]
    },
    {
      name: "a create whose answer is lost",
      code: 9,
      reason: "SubmissionAmbiguous",
      posts: 1,
      args: [...seedance, "--prompt", "x"],
      script: [{ on: "create", fault: "reset-after-accept" }]
    },
    {
      name: "a server that can't be reached",
      code: 10,
      reason: "NotSent",
      posts: 0,
      args: [...seedance, "--prompt", "x", "--base-url", "http://127.0.0.1:1"]
    },
    {
      name: "a server that can't be reached for its prices, under a limit",
      code: 10,
      reason: "NotSent",
      posts: 0,
      args: [...seedance, "--prompt", "x", "--max-cost", "1", "--base-url", "http://127.0.0.1:1"]
    },
    {
      name: "an answer that makes no sense",
      code: 10,
      reason: "UnexpectedResponse",
      args: ["status"],
      script: [{ on: "poll", times: "always", fault: "bad-json" }]
    },
    {
      name: "a server that is down",
      code: 10,
      reason: "ProviderUnavailable",
      args: ["status"],
      script: [{ on: "poll", times: "always", fault: "500" }]
    },
    {
      name: "a success without a video",
      code: 11,
      reason: "MissingResult",
      posts: 1,
      args: [...generic, "--prompt", "x [no-url]", "--wait", ...fast]
    },
    {
      name: "a page instead of the file",
      code: 12,
      reason: "DownloadFailed",
      posts: 1,
      args: [...seedance, "--prompt", "x", "--output", "boat.mp4", ...fast],
      script: [{ on: "download", times: "always", fault: "html-file" }]
    }
  ]

  for (const [flags, code, posts] of [[[], 9, 1], [["--resubmit"], 0, 2]] as const) {
    live(
      `sends a create that a server error met ${posts === 1 ? "once" : "again, when it is told to"} (${code})`,
      Effect.gen(function*() {
        const ran = yield* vt([...seedance, "--prompt", "A boat", ...flags], {
          script: [{ on: "create", fault: "500" }]
        })
        assert.strictEqual((yield* ledger).posts, posts)
        assert.strictEqual(ran.code, code, ran.stderr)
      })
    )
  }

  for (const { args, code, key, name, posts, reason, script } of codes) {
    live(
      `ends with ${code} for ${name}`,
      Effect.gen(function*() {
        const simulator = yield* Simulator.Simulator
        const { baseUrl } = yield* SimulatorServer.SimulatorServer
        const remoteId = yield* simulator.addTask("cometapi")
        const known = TaskHandle.format(
          new TaskHandle.TaskHandle({ provider: "cometapi", family: "seedance", remoteId, baseUrl, account: "default" })
        )
        const all = args[0] === "status" ? [...args, known] : args
        const ran = yield* vt([...all, "--json"], {
          ...(script === undefined ? {} : { script }),
          ...(key === undefined ? {} : { key })
        })
        assert.strictEqual(ran.code, code, ran.stdout + ran.stderr)
        const last = Command.lines(ran).at(-1)
        assert.strictEqual(last?.type, "error")
        assert.strictEqual(last?.error.reason, reason)
        assert.include(ran.stderr, "error: ")
        assert.notInclude(ran.stderr, "USAGE")
        if (posts !== undefined) assert.strictEqual((yield* ledger).posts, posts)
      })
    )
  }

  live(
    "ends with the code that several tasks share, else with 14",
    Effect.gen(function*() {
      const make = (prompt: string) => Effect.map(vt([...generic, "--prompt", prompt]), (ran) => ran.stdout.trim())
      const [good, bad, worse] = yield* Effect.all([make("x"), make("x [fail]"), make("y [fail]")])
      assert.strictEqual((yield* vt(["wait", bad, worse, ...fast])).code, 5)
      const mixed = yield* vt(["wait", good, bad, "--json", ...fast])
      assert.strictEqual(mixed.code, 14)
      assert.strictEqual(Command.lines(mixed).filter((line) => line.type === "task.finished").length, 2)
    })
  )

  live(
    "compares a handle with what is configured, and asks nobody else (2)",
    Effect.gen(function*() {
      const handle = TaskHandle.format(
        new TaskHandle.TaskHandle({
          provider: "cometapi",
          family: "seedance",
          remoteId: "task_1",
          baseUrl: "https://evil.example.com",
          account: "default"
        })
      )
      const ran = yield* vt(["wait", handle, "--json"])
      assert.strictEqual(ran.code, 2)
      assert.strictEqual(Command.lines(ran)[0]?.error.reason, "ResumeIdentityChanged")
    })
  )

  live(
    "refuses an existing target before anything is sent (2)",
    Effect.gen(function*() {
      const cwd = Command.emptyFolder()
      fs.writeFileSync(path.join(cwd, "boat.mp4"), "mine")
      const ran = yield* vt([...seedance, "--prompt", "A boat", "--output", "boat.mp4", ...fast], { cwd })
      assert.strictEqual(ran.code, 2)
      assert.include(ran.stderr, "boat.mp4 exists already")
      assert.strictEqual(fs.readFileSync(path.join(cwd, "boat.mp4"), "utf8"), "mine")
      assert.strictEqual((yield* ledger).posts, 0)
      const forced = yield* vt([...seedance, "--prompt", "A boat", "--output", "boat.mp4", "--overwrite", ...fast], {
        cwd
      })
      assert.strictEqual(forced.code, 0, forced.stderr)
      assert.strictEqual(fs.readFileSync(path.join(cwd, "boat.mp4")).subarray(4, 8).toString(), "ftyp")
    })
  )

  live(
    "sends further fields as they are: JSON where it is JSON, else text",
    Effect.gen(function*() {
      const ran = yield* vt([
        ...generic,
        "--prompt",
        "x",
        "--option",
        "cfg_scale=0.5",
        "--option",
        "mode=pro",
        "--option",
        "a=b=c"
      ])
      assert.strictEqual(ran.code, 0, ran.stderr)
    })
  )

  for (
    const { args, says } of [
      { args: ["create"], says: "--provider" },
      { args: ["crate"], says: "crate" },
      { args: [...seedance, "--prompt", "x", "--poll-floor", "soon"], says: "--poll-floor" },
      { args: [...seedance, "--prompt", "x", "--store", "mysql://db"], says: "memory" },
      { args: ["wait", "vt1_nonsense"], says: "vt1_nonsense" },
      { args: ["diagram", "--format", "png"], says: "svg" }
    ]
  ) {
    live(
      `tells on stderr what is wrong with \`${
        args.slice(0, 1).concat(args.slice(-2)).join(" ")
      }\`, and sends nothing (2)`,
      Effect.gen(function*() {
        const ran = yield* vt(args)
        assert.strictEqual(ran.code, 2, ran.stderr)
        assert.strictEqual(ran.stdout, "")
        assert.include(ran.stderr, says)
        assert.strictEqual((yield* ledger).requests.length, 0)
      })
    )
  }

  live(
    "tells somebody without a key which variable to set, and that the demo needs none (3)",
    Effect.gen(function*() {
      const ran = yield* vt([...seedance, "--prompt", "x"], { env: { COMETAPI_KEY: "" } })
      assert.strictEqual(ran.code, 3)
      assert.include(ran.stderr, "COMETAPI_KEY")
      assert.include(ran.stderr, "demo")
      assert.strictEqual((yield* ledger).requests.length, 0)
    })
  )

  for (
    const { fault, on } of [
      { on: "create", fault: "500" },
      { on: "create", fault: "reset-after-accept" },
      { on: "poll", fault: "401" },
      { on: "poll", fault: "503-html" },
      { on: "download", fault: "html-file" }
    ] as const
  ) {
    live(
      `keeps the key and the signature to itself when a ${on} meets ${fault}, whatever the log level`,
      Effect.gen(function*() {
        const key = "sk-very-secret-9876543210"
        const args = [
          ...seedance,
          "--prompt",
          "x",
          "--output",
          "x.mp4",
          "--log-level",
          "trace",
          "--deadline",
          "400ms",
          ...fast
        ]
        const ran = yield* vt(args, { key, script: [{ on, fault, times: "always" }] })
        assert.notStrictEqual(ran.code, null)
        assert.notInclude(ran.stdout + ran.stderr, key)
        assert.notInclude(ran.stderr, "X-Tos-Signature=")
      })
    )
  }

  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    live(
      `says how to go on when ${signal} stops a wait (130)`,
      Effect.gen(function*() {
        const interrupt = { when: "IN_PROGRESS", signal }
        const ran = yield* vt([...seedance, "--prompt", "x [stuck]", "--wait", ...fast], { interrupt })
        assert.strictEqual(ran.code, 130)
        assert.isNull(ran.signal)
        assert.include(ran.stderr, `video-tasks wait ${first(ran)}`)
        const again = yield* vt(["status", first(ran), "--json"])
        assert.strictEqual(Command.lines(again)[0]?.task.status, "IN_PROGRESS")
      })
    )
  }

  live(
    "still hands over the handle when it is interrupted while the create is under way (130)",
    Effect.gen(function*() {
      const received = Effect.repeat(ledger, {
        until: ({ posts }) => posts > 0,
        schedule: Schedule.spaced("20 millis")
      })
      const services = yield* Effect.context<Simulator.Simulator>()
      const ran = yield* vt([...seedance, "--prompt", "x"], {
        script: [{ on: "create", fault: "late", seconds: 1 }],
        interrupt: { when: () => Effect.runPromiseWith(services)(received), signal: "SIGINT" }
      })
      assert.strictEqual(ran.code, 130, ran.stderr)
      assert.isDefined(TaskHandle.parse(first(ran)), ran.stderr)
      assert.include(ran.stderr, `video-tasks wait ${first(ran)}`)
    })
  )

  live(
    "sends nothing more when it is interrupted while a create waits for its turn (130)",
    Effect.gen(function*() {
      const received = Effect.repeat(ledger, {
        until: ({ posts }) => posts > 0,
        schedule: Schedule.spaced("20 millis")
      })
      const services = yield* Effect.context<Simulator.Simulator>()
      const ran = yield* vt([...seedance, "--prompt", "x"], {
        script: [{ on: "create", fault: "429", retryAfter: 2 }],
        interrupt: {
          when: () => Effect.runPromiseWith(services)(Effect.delay(received, "200 millis")),
          signal: "SIGINT"
        }
      })
      assert.strictEqual(ran.code, 130, ran.stderr)
      assert.include(ran.stderr, "nothing was paid")
      const { bills, posts } = yield* ledger
      assert.deepStrictEqual({ bills, posts }, { bills: 0, posts: 1 })
    })
  )
})
