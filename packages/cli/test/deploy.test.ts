import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Command from "./utils/command.ts"

const folder = path.resolve(import.meta.dirname, "../../../examples/deploy")

const read = (file: string): string => fs.readFileSync(path.join(folder, file), "utf8")

/** The options of the command in a file; those of other programs stand in comments, or before it. */
const optionsIn = (text: string): ReadonlyArray<string> =>
  text.split("\n").filter((line) => !line.trim().startsWith("#")).flatMap((line) =>
    [...line.replace(/^.*(?:docker|kubectl|npx|COPY).*$/, "").matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) =>
      flag
    )
  )

/** How a worker is started; that of a container stands in a comment, since it is different on each machine. */
const commandIn = (file: string): string =>
  file === "Containerfile" ? /^#\s+(video-tasks worker .*)$/m.exec(read(file))?.[1] ?? "" : read(file)

const files = ["video-tasks-worker@.service", "Containerfile", "kubernetes.yaml"]

describe("examples/deploy", () => {
  it("names only options that the command has", async () => {
    const { code, stdout } = await Command.run(Command.sources, ["worker", "--help"])
    assert.strictEqual(code, 0)
    const known = new Set([...stdout.matchAll(/--[a-z][a-z-]*/g)].map(([flag]) => flag))
    for (const file of files) {
      const options = optionsIn(commandIn(file)).filter((option) => option !== "--max-old-space-size")
      assert.include(options, "--listen", file)
      assert.deepStrictEqual(options.filter((option) => !known.has(option)), [], file)
    }
  })

  it("has a worker that listens everywhere say where the others reach it", () => {
    const addressOf = (file: string) => /--address["\s-]+(\S+)/.exec(commandIn(file))?.[1]
    assert.deepStrictEqual(files.map(addressOf), ["${WORKER_HOST}:%i", "HOST_IP:4700", "$(POD_IP):4700"])
    const image = read("Containerfile")
    assert.include(image, "--publish HOST_IP:4700:4700 ")
    // Nobody runs one without, by leaving all out.
    assert.include(image, `CMD ["worker", "--help"]`)
    assert.match(read("kubernetes.yaml"), /name: POD_IP\n\s+valueFrom: .*fieldPath: status\.podIP/)
  })

  it("gives a worker longer to stop than its requests may take", () => {
    const graceOf = (text: string): number => Number(/--grace"?\s+(?:-\s+)?(\d+)s/.exec(text)?.[1] ?? 15)
    const pods = read("kubernetes.yaml")
    assert.isAbove(Number(/terminationGracePeriodSeconds: (\d+)/.exec(pods)?.[1]), graceOf(pods) + 10)
    const unit = read("video-tasks-worker@.service")
    assert.isAbove(Number(/TimeoutStopSec=(\d+)/.exec(unit)?.[1]), graceOf(unit) + 10)
  })

  it("holds no secret", () => {
    for (const file of fs.readdirSync(folder)) {
      assert.notMatch(read(file), /(?:KEY|SECRET)=\S/, file)
    }
  })
})
