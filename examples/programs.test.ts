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

  it("goes on in the next program with what the one before has left", () => {
    assert.match(
      run("survive-a-restart.ts"),
      /^submitted (\S+)\nstopped, and started again\nfollowing 1, to be settled by hand 0, left alone 0\n\1: SUCCESS\n$/
    )
  }, 60_000)

  it("asks a second provider when the first one has made nothing", () => {
    assert.match(run("next-provider.ts"), /first: The account has no quota left: .*\nsecond: SUCCESS\n$/)
  }, 60_000)

  it("invokes a video task in a machine, and takes the branch of its end", () => {
    assert.match(
      run("invoke-in-a-machine.ts"),
      /^your-video-model-id: ready 1\nno-such-model: rejected .*Model no-such-model is not available/
    )
  }, 60_000)

  it("shows a task with React, at its beginning and at its end", () => {
    const [first, last] = run("show-with-react.ts").split("\n")
    assert.include(first, "<span>starting</span><button>Cancel</button>")
    assert.include(last, "<span>1 video</span><button disabled=\"\">Cancel</button>")
  }, 60_000)

  it("prints what an inspector sees of an actor, without secrets", () => {
    const printed = run("inspect-an-actor.ts")
    const events = printed.trim().split("\n").map((line) => line.slice(0, line.indexOf(":")))
    assert.deepStrictEqual(events.slice(0, 3), ["xstate.init", "task.named", "task.created"])
    assert.strictEqual(events.at(-1), "task.observed")
    assert.match(printed, /"status":"done","value":"SUCCESS"/)
    assert.notMatch(printed, /X-Tos-Signature|A paper airplane/)
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
