/**
 * How long the command takes to start: the bundled `--version` against a Node that does nothing.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { bundle } from "../packages/cli/scripts/bundle.ts"

export const name = "start of the command"

const rounds = 15

const timed = (args: ReadonlyArray<string>): number => {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" })
  if (status !== 0) throw new Error(`${args.join(" ")} ended with ${status}: ${stderr}`)
  return performance.now() - start
}

const median = (values: ReadonlyArray<number>): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const run = async () => {
  const folder = fs.mkdtempSync(path.join(path.resolve(import.meta.dirname, "../packages/cli"), "dist-bench-"))
  try {
    const file = await bundle(folder)
    const [baseline, bundled]: [Array<number>, Array<number>] = [[], []]
    // In turns, so that a busy moment of the machine strikes both.
    for (let round = 0; round < rounds; round++) {
      baseline.push(timed(["-e", "0"]))
      bundled.push(timed([file, "--version"]))
    }
    const sources = timed([path.resolve(import.meta.dirname, "../packages/cli/src/bin.ts"), "--version"])
    const [nothing, value] = [median(baseline), median(bundled)]
    return [
      {
        metric: "--version, bundled, median (ms)",
        value: round1(value),
        baseline: round1(nothing),
        ratio: round1(value / nothing),
        budget: "≤ 200 where the baseline is 40"
      },
      {
        metric: "--version, from the sources, once (ms)",
        value: round1(sources),
        baseline: round1(nothing),
        ratio: round1(sources / nothing)
      },
      { metric: "size of the bundled command (kB)", value: round1(fs.statSync(file).size / 1000), baseline: 0 }
    ]
  } finally {
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

const round1 = (value: number): number => Math.round(value * 10) / 10

if (import.meta.main) {
  process.stdout.write(`${JSON.stringify({ host: os.cpus()[0]?.model, results: await run() }, undefined, 2)}\n`)
}
