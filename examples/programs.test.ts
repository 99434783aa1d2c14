/**
 * The programs of this folder, run as a reader would run them.
 */
import { assert, describe, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import * as path from "node:path"

const run = (file: string): string =>
  execFileSync(process.execPath, [path.join(import.meta.dirname, file)], { encoding: "utf8", timeout: 60_000 })

interface Message {
  readonly type: string
  readonly snapshot?: { readonly value: string }
}

describe("examples", () => {
  it("composes VideoTasks into a service of an app", () => {
    assert.match(run("compose-in-an-app.ts"), /^the trailer is ready: .*<redacted.*>\n$/)
  }, 60_000)

  it("lets a picture move at two providers, within a budget", () => {
    assert.match(
      run("picture-at-two-providers.ts"),
      /^cometapi: 1 video\nrunway: 1 video\nThe request exceeds the budget: .*Nothing was sent\.\n$/
    )
  }, 60_000)

  it("keeps the file of a task in a directory", () => {
    assert.match(
      run("keep-the-files.ts"),
      /\n?\d+ bytes, SHA-256 [0-9a-f]{64}, at file:\/\/\/.*\/cometapi\/\d{4}-\d\d-\d\d\/[0-9a-f-]{36}\/video\.mp4\n$/
    )
  }, 60_000)

  it("asks a second provider when the first one has made nothing", () => {
    assert.match(run("next-provider.ts"), /first: The account has no quota left: .*\nsecond: SUCCESS\n$/)
  }, 60_000)

  it("prints the inspector messages of a live task, without secrets", () => {
    const printed = run("inspect-a-task.ts")
    const messages: ReadonlyArray<Message> = printed.trim().split("\n").map((line) => JSON.parse(line))
    assert.strictEqual(messages[0]?.type, "@xstate.actor")
    const last = messages.at(-1)
    assert.strictEqual(last?.type, "@xstate.snapshot")
    assert.strictEqual(last?.snapshot?.value, "SUCCESS")
    assert.notInclude(printed, "X-Tos-Signature")
  }, 60_000)
})
