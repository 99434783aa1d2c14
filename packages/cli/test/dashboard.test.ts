// @effect-diagnostics globalFetch:off globalTimers:off
import { assert, describe, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@video-tasks/simulator"
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import * as os from "node:os"
import process from "node:process"
import * as Command from "./utils/command.ts"

const script = "/usr/bin/script"

const hasScript = spawnSync(script, ["--version"]).status === 0

const server = SimulatorServer.layerSimulator({ speed: 200, seed: 7, tickSeconds: 5 })

const command = Command.bundled()

const live = (
  name: string,
  body: Effect.Effect<void, unknown, Simulator.Simulator | SimulatorServer.SimulatorServer>
) => it.live(name, () => Effect.provide(body, server, { local: true }), 120_000)

const variables = Effect.map(SimulatorServer.SimulatorServer, ({ baseUrl }) => ({
  COMETAPI_KEY: "sk-secret-1234567890",
  COMETAPI_BASE_URL: baseUrl
}))

interface Row {
  readonly id: string
  readonly provider: string
  readonly state: string
}

/** The rows that the dashboard shows, as soon as they are enough. */
const rowsWhen = async (
  url: string,
  enough: (rows: ReadonlyArray<Row>) => boolean,
  headers: Record<string, string> = {}
): Promise<ReadonlyArray<Row>> => {
  const response = await fetch(`${url}api/events`, { headers })
  assert.strictEqual(response.status, 200)
  const rows = new Map<string, Row>()
  let text = ""
  const decoder = new TextDecoder()
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true })
    const events = text.split("\n\n")
    text = events.pop() ?? ""
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1]
      if (data === undefined) continue
      for (const row of (JSON.parse(data) as { readonly rows: ReadonlyArray<Row> }).rows) rows.set(row.id, row)
      if (enough([...rows.values()])) return [...rows.values()]
    }
  }
  return [...rows.values()]
}

/** Runs the dashboard until what is done with it is done, or could not be. */
const withDashboard = async <A>(
  args: ReadonlyArray<string>,
  options: Command.RunOptions,
  use: (url: string) => Promise<A>
): Promise<{ readonly ran: Command.Ran; readonly found: A }> => {
  let tell: (url: string) => void = () => {}
  const told = new Promise<string>((resolve) => {
    tell = resolve
  })
  const onOutput = (output: string) => {
    options.onOutput?.(output)
    const url = /http:\/\/127\.0\.0\.1:\d+\//.exec(output)?.[0]
    if (url !== undefined) tell(url)
  }
  const used = told.then(use)
  const when = () => used.catch(() => undefined)
  const ran = await Command.run(command.file, ["dashboard", "--port", "0", ...args], {
    ...options,
    onOutput,
    interrupt: { signal: "SIGINT", when }
  })
  const nobody = Promise.reject<A>(new Error(`the dashboard ended by itself: ${ran.stderr}`))
  return { ran, found: await Promise.race([used, nobody]) }
}

const seedance = ["create", "--provider", "cometapi", "--model", "doubao-seedance-2-0-fast", "--prompt", "A boat"]

describe("video-tasks dashboard", { concurrent: true }, () => {
  live(
    "--demo shows tasks of several providers on its page, and ends with Ctrl-C (130)",
    Effect.gen(function*() {
      const { found, ran } = yield* Effect.promise(() =>
        withDashboard(["--demo"], {}, async (url) => {
          const page = await fetch(url)
          const html = await page.text()
          const script = /src="\.?\/?(assets\/[^"]+\.js)"/.exec(html)?.[1] ?? ""
          const code = await fetch(`${url}${script}`)
          const rows = await rowsWhen(url, (rows) => new Set(rows.map(({ provider }) => provider)).size >= 3)
          return { page: page.status, script: [code.status, code.headers.get("content-type")], rows, url }
        })
      )
      assert.strictEqual(found.page, 200)
      assert.deepStrictEqual(found.script, [200, "text/javascript; charset=utf-8"])
      assert.isAtLeast(new Set(found.rows.map(({ provider }) => provider)).size, 3)
      assert.deepStrictEqual([ran.code, ran.signal, ran.stdout], [130, null, `The dashboard is at ${found.url}\n`])
    })
  )

  live(
    "follows what another process has left unfinished, to its end",
    Effect.gen(function*() {
      const env = yield* variables
      const data = Command.emptyFolder()
      const created = yield* Effect.promise(() => Command.run(command.file, seedance, { env, data }))
      assert.strictEqual(created.code, 0, created.stderr)
      const { found, ran } = yield* Effect.promise(() =>
        withDashboard(
          ["--no-token", "--poll-floor", "40ms", "--poll-ceiling", "100ms", "--archive", "none"],
          { env, data },
          async (url) => ({ url, rows: await rowsWhen(url, (rows) => rows.some(({ state }) => state === "SUCCESS")) })
        )
      )
      assert.deepStrictEqual(found.rows.map(({ provider, state }) => [provider, state]), [["cometapi", "SUCCESS"]])
      assert.strictEqual(ran.code, 130, ran.stderr)
      assert.include(ran.stderr, "Following 1 task.")
      assert.include(ran.stderr, "No token: whoever has an account on this machine can open it, and cancel and pay.")
      assert.strictEqual(ran.stdout, `The dashboard is at ${found.url}\n`)
      const listed = yield* Effect.promise(() => Command.run(command.file, ["list", "--json"], { data }))
      assert.deepStrictEqual(Command.lines(listed).map(({ status }) => status), ["SUCCESS"])
    })
  )

  live(
    "--read-only shows it, and asks no provider",
    Effect.gen(function*() {
      const env = yield* variables
      const data = Command.emptyFolder()
      yield* Effect.promise(() => Command.run(command.file, seedance, { env, data }))
      const { found } = yield* Effect.promise(() =>
        withDashboard(["--read-only", "--poll-floor", "40ms"], { env, data }, async (url) => {
          const rows = await rowsWhen(url, (rows) => rows.length > 0)
          const written = await fetch(`${url}api/tasks/${rows[0]?.id}/poll`, {
            method: "POST",
            headers: { origin: new URL(url).origin }
          })
          return { rows, written: written.status }
        })
      )
      assert.deepStrictEqual([found.rows.map(({ state }) => state), found.written], [["SUBMITTED"], 403])
      const { ledger } = yield* Simulator.Simulator
      assert.deepStrictEqual((yield* ledger).requests.map(({ operation }) => operation), ["create"])
    })
  )

  live(
    "says which key is missing where it can do nothing with a task",
    Effect.gen(function*() {
      const env = yield* variables
      const data = Command.emptyFolder()
      yield* Effect.promise(() => Command.run(command.file, seedance, { env, data }))
      const { found } = yield* Effect.promise(() =>
        withDashboard(["--no-token"], { data }, async (url) => {
          const [row] = await rowsWhen(url, (rows) => rows.length > 0)
          const answer = await fetch(`${url}api/tasks/${row?.id}`)
          return await answer.json() as { readonly can: object; readonly whyMissing: string }
        })
      )
      const why =
        "There is no key for CometAPI: COMETAPI_KEY is not set. Set it where the dashboard is started, and start it again."
      assert.deepStrictEqual([found.can, found.whyMissing], [{ poll: why, cancel: why, retry: why }, why])
    })
  )

  live(
    "says that the port is taken (2)",
    Effect.gen(function*() {
      const { port } = yield* SimulatorServer.SimulatorServer
      const ran = yield* Effect.promise(() =>
        Command.run(command.file, ["dashboard", "--demo", "--port", String(port)])
      )
      assert.deepStrictEqual([ran.code, ran.stdout], [2, ""])
      assert.include(ran.stderr, `Port ${port} of 127.0.0.1 is taken by another program.`)
      assert.include(ran.stderr, "--port 0")
    })
  )

  live(
    "makes a token by itself, new each time, and prints the address that opens the page",
    Effect.gen(function*() {
      const env = yield* variables
      const opened = (args: ReadonlyArray<string>) =>
        Effect.promise(async () => {
          let said = ""
          const onOutput = (output: string) => {
            said = output
          }
          const { found, ran } = await withDashboard(args, { env, onOutput }, async (url) => {
            while (!said.includes("Listening.") && !said.includes("openUrl")) {
              await new Promise((resolve) => setTimeout(resolve, 20))
            }
            const token = /#token=([\w-]+)/.exec(said)?.[1] ?? ""
            const status = async (headers: Record<string, string>) => (await fetch(`${url}metrics`, { headers })).status
            return { url, token, statuses: [await status({}), await status({ authorization: `Bearer ${token}` })] }
          })
          return { ...found, ran }
        })
      const one = yield* opened([])
      const two = yield* opened(["--json"])
      assert.deepStrictEqual([one.statuses, two.statuses], [[401, 200], [401, 200]])
      assert.match(one.token, /^[\w-]{32}$/)
      assert.notStrictEqual(one.token, two.token)
      assert.strictEqual(one.ran.stdout, `The dashboard is at ${one.url}#token=${one.token}\n`)
      assert.notInclude(one.ran.stderr, one.token)
      assert.deepStrictEqual(JSON.parse(two.ran.stdout), {
        type: "dashboard",
        url: two.url,
        port: Number(new URL(two.url).port),
        openUrl: `${two.url}#token=${two.token}`
      })
    })
  )

  it.live.skipIf(!hasScript)(
    "prints the whole address on a terminal, also when the user gave the token",
    () =>
      Effect.gen(function*() {
        const token = "token-of-the-test-0123456789"
        const said = yield* Effect.callback<string>((resume) => {
          const line = `"${process.execPath}" "${command.file}" dashboard --demo --port 0`
          const child = spawn(script, ["-qefc", line, "/dev/null"], {
            env: {
              PATH: "/usr/bin:/bin",
              HOME: Command.emptyFolder(),
              TERM: "dumb",
              VIDEO_TASKS_DASHBOARD_TOKEN: token
            }
          })
          let text = ""
          child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
            const wasListening = text.includes("Listening.")
            text += chunk
            if (!wasListening && text.includes("Listening.")) child.stdin.write("\u0003")
          })
          child.on("close", () => resume(Effect.succeed(text)))
        })
        assert.match(said, new RegExp(`The dashboard is at http://127\\.0\\.0\\.1:\\d+/#token=${token}\\r?\\n`))
      }),
    30_000
  )

  live(
    "refuses a token beside --no-token (2)",
    Effect.gen(function*() {
      const args = ["dashboard", "--demo", "--port", "0", "--no-token", "--token", "token-of-the-test-0123456789"]
      const ran = yield* Effect.promise(() => Command.run(command.file, args))
      assert.deepStrictEqual([ran.code, ran.stdout], [2, ""])
      assert.include(ran.stderr, "--token and --no-token contradict each other.")
    })
  )

  live(
    "refuses a store beside --demo, which opens none (2)",
    Effect.gen(function*() {
      const args = ["dashboard", "--demo", "--port", "0", "--store", "memory"]
      const ran = yield* Effect.promise(() => Command.run(command.file, args))
      assert.deepStrictEqual([ran.code, ran.stdout], [2, ""])
      assert.include(ran.stderr, "--demo and --store contradict each other")
    })
  )

  live(
    "tells addresses that a browser can open where it listens on all of them",
    Effect.gen(function*() {
      let said = ""
      const onOutput = (output: string) => {
        said = output
      }
      const { found, ran } = yield* Effect.promise(() =>
        withDashboard(["--host", "0.0.0.0"], { onOutput }, async (url) => {
          while (!said.includes("Listening.")) await new Promise((resolve) => setTimeout(resolve, 20))
          return { url, port: new URL(url).port }
        })
      )
      const own = Object.values(os.networkInterfaces()).flatMap((all) => all ?? [])
        .filter(({ family, internal }) => family === "IPv4" && !internal)
        .map(({ address }) => `http://${address}:${found.port}/`)
      const [first = "", ...others] = ran.stdout.trimEnd().split("\n")
      const token = /#token=[\w-]{32}$/.exec(first)?.[0] ?? ""
      assert.strictEqual(first, `The dashboard is at ${found.url}${token}`)
      assert.isNotEmpty(token)
      assert.deepStrictEqual(others, own.map((url) => `from other machines  ${url}${token}`))
    })
  )

  live(
    "listens to others only with a token (2), which it never prints where no person reads",
    Effect.gen(function*() {
      const args = ["--demo", "--host", "0.0.0.0"]
      const refused = yield* Effect.promise(() => Command.run(command.file, ["dashboard", ...args, "--port", "0"]))
      assert.strictEqual(refused.code, 2)
      assert.include(refused.stderr, "VIDEO_TASKS_DASHBOARD_TOKEN")
      const token = "token-of-the-test-0123456789"
      const { found, ran } = yield* Effect.promise(() =>
        withDashboard(args, { env: { VIDEO_TASKS_DASHBOARD_TOKEN: token } }, async (url) => {
          const without = await fetch(`${url}api/events`)
          const login = await fetch(`${url}api/session`, {
            method: "POST",
            headers: { origin: new URL(url).origin },
            body: JSON.stringify({ token })
          })
          const cookie = login.headers.getSetCookie()[0]?.split(";")[0] ?? ""
          const rows = await rowsWhen(url, (rows) => rows.length > 0, { cookie })
          return { statuses: [without.status, login.status], rows: rows.length > 0 }
        })
      )
      assert.deepStrictEqual(found, { statuses: [401, 204], rows: true })
      assert.notInclude(ran.stdout + ran.stderr, token)
    })
  )
})
