import { assert, describe, it } from "@effect/vitest"
import { ImageFile, NodeHttp } from "@video-tasks/node"
import { Effect } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { buffersInUse } from "./support/memory.ts"
import * as Sockets from "./support/sockets.ts"

const directory = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "video-tasks-image-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true }))
)

const file = (name: string, content: string | Buffer) =>
  Effect.map(directory, (path) => {
    const whole = Path.join(path, name)
    Fs.writeFileSync(whole, content)
    return whole
  })

const jpeg = Buffer.from("ffd8ffe000104a46494600010100", "hex")
const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex")
const webp = Buffer.concat([Buffer.from("RIFF"), Buffer.alloc(4), Buffer.from("WEBPVP8 ")])

/** The one thing that is wrong with a file, without its directory. */
const violation = (path: string) =>
  Effect.map(Effect.flip(ImageFile.open(path)), (error) => {
    assert.strictEqual(error._tag, "InvalidRequest")
    if (error._tag !== "InvalidRequest") return []
    return error.violations.map((one) => [one.field, one.value.replace(/^.*\//, ""), one.allowed])
  })

describe("ImageFile", () => {
  for (
    const [name, content, type] of [
      ["a.jpg", jpeg, "image/jpeg"],
      ["b.png", png, "image/png"],
      ["c.webp", webp, "image/webp"],
      ["named-wrongly.txt", png, "image/png"]
    ] as const
  ) {
    it.effect(`opens ${name} as ${type}`, () =>
      Effect.gen(function*() {
        const blob = yield* ImageFile.open(yield* file(name, content))
        const bytes = yield* Effect.promise(() => blob.bytes())
        assert.deepStrictEqual([blob.type, Buffer.from(bytes)], [type, content])
      }))
  }

  const allowed = "a JPEG, PNG or WebP file"

  it.effect("refuses what is not there, in words", () =>
    Effect.gen(function*() {
      const path = Path.join(yield* directory, "missing.png")
      assert.deepStrictEqual(yield* violation(path), [["image", "missing.png (no such file)", allowed]])
      const below = Path.join(yield* file("plain.png", png), "below.png")
      assert.deepStrictEqual(yield* violation(below), [["image", "below.png (no such file)", allowed]])
    }))

  it.effect("refuses a directory", () =>
    Effect.gen(function*() {
      const [[field, value]] = (yield* violation(yield* directory)) as [[string, string]]
      assert.strictEqual(field, "image")
      assert.match(value, /\(a directory\)$/)
    }))

  it.effect("refuses an empty file and a file that is no picture, whatever its name", () =>
    Effect.gen(function*() {
      const empty = yield* violation(yield* file("empty.png", ""))
      const text = yield* violation(yield* file("page.png", "<html>not found</html>"))
      const riff = yield* violation(yield* file("sound.webp", "RIFF....WAVEfmt "))
      assert.deepStrictEqual([empty, text, riff], [
        [["image", "empty.png (an empty file)", allowed]],
        [["image", "page.png (not a picture)", allowed]],
        [["image", "sound.webp (not a picture)", allowed]]
      ])
    }))

  it.effect("refuses a file that is too large", () =>
    Effect.gen(function*() {
      const path = yield* file("large.png", Buffer.concat([png, Buffer.alloc(100)]))
      const error = yield* Effect.flip(ImageFile.open(path, { maxBytes: 100, field: "input_reference" }))
      assert.strictEqual(error._tag, "PayloadTooLarge")
      assert.include(error.message, `input_reference is ${path} with 116 bytes, at most 100 are sent`)
    }))

  it.live(
    "is read while it is sent: a form with a file of 128 MiB does not fill the memory",
    () =>
      Effect.gen(function*() {
        const path = yield* file("huge.png", png)
        Fs.truncateSync(path, 128 * 1024 * 1024)
        let received = 0
        let lookAt = 0
        let highest = 0
        const origin = yield* Sockets.http((request, response) => {
          request.on("data", (chunk: Buffer) => {
            received += chunk.length
            if (received < lookAt) return
            lookAt = received + 16 * 1024 * 1024
            highest = Math.max(highest, buffersInUse())
          }).on("end", () => response.end())
        })
        const form = new FormData()
        form.append("input_reference", yield* ImageFile.open(path, { maxBytes: 2 ** 30 }), "huge.png")
        const before = buffersInUse()
        yield* HttpClient.execute(HttpClientRequest.post(origin).pipe(HttpClientRequest.bodyFormData(form)))
        assert.isAbove(received, 128 * 1024 * 1024)
        assert.isBelow(highest - before, 16 * 1024 * 1024)
      }).pipe(Effect.provide(NodeHttp.layer({ proxy: "none" }))),
    20_000
  )
})
