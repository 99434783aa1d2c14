import { assert, describe, it } from "@effect/vitest"
import { TaskHandle } from "@video-tasks/core"
import { Arbitrary, Effect, Result, Schema } from "effect"
import { Base64Url } from "effect/encoding"
import * as zlib from "node:zlib"
import { created } from "./utils/arbitraries.ts"

const { TaskHandle: Handle } = TaskHandle

const handle = created().handle

const full = Handle.make({ ...handle, createdAt: 1_700_000_000_000, requestHash: "ab12" })

/** Any handle: ids of any text, base URLs of several shapes. */
const handles: Arbitrary.Arbitrary<TaskHandle.TaskHandle> = Arbitrary.schema(Schema.Struct({
  provider: Schema.NonEmptyString,
  family: Schema.NonEmptyString,
  remoteId: Schema.Union([
    Schema.NonEmptyString.check(Schema.isMaxLength(512)),
    Schema.Literals(["7403452342345678901", "vid-😀-任务-\u{202e}", "a\"b\\c\n\u0000", "\ud800", "__proto__", " "])
  ]),
  baseUrl: Schema.Literals([
    "https://api.cometapi.com",
    "https://api.example.com/v1/deep/path",
    "http://127.0.0.1:8080",
    "http://[::1]:8080/x",
    "https://xn--bcher-kva.example/%20a"
  ]),
  account: Schema.NonEmptyString,
  createdAt: Schema.optionalKey(Schema.Finite),
  requestHash: Schema.optionalKey(Schema.String)
})).pipe(Arbitrary.map((fields) => Handle.make(fields)))

const many = { arbitrary: { runs: 2_000, seed: "handles" }, timeout: 60_000 }

/** The string form of any JSON, sealed as `format` does. */
const sealed = (json: string): string => {
  const bytes = new TextEncoder().encode(json)
  const checksum = new Uint8Array(4)
  new DataView(checksum.buffer).setUint32(0, zlib.crc32(bytes))
  return `vt1_${Base64Url.encode(new Uint8Array([...bytes, ...checksum]))}`
}

describe("TaskHandle", () => {
  it.prop("comes back from its string form, whatever is in it", { handle: handles }, ({ handle }) => {
    const text = TaskHandle.format(handle)
    assert.match(text, /^vt1_[A-Za-z0-9_-]+$/)
    assert.strictEqual(new URL(`https://example.com/${text}?h=${text}#${text}`).hash, `#${text}`)
    assert.strictEqual(encodeURIComponent(text), text)
    // -0 is the one number that JSON does not keep.
    const kept = handle.createdAt === 0 ? Handle.make({ ...handle, createdAt: 0 }) : handle
    assert.deepStrictEqual(TaskHandle.parse(text), kept)
  }, many)

  it("keeps an id of 19 digits as it is", () => {
    const long = Handle.make({ ...handle, remoteId: "7403452342345678901" })
    assert.strictEqual(TaskHandle.parse(TaskHandle.format(long))?.remoteId, "7403452342345678901")
  })

  it("has the same string form for ever", () => {
    assert.strictEqual(
      TaskHandle.format(full),
      "vt1_WyJjb21ldGFwaSIsInNlZWRhbmNlIiwidGFza19hYmMxMjMiLCJodHRwczovL2FwaS5jb21ldGFwaS5jb20iLCJkZWZhdWx0IiwxNzAwMDAwMDAwMDAwLCJhYjEyIl3_RY_X"
    )
  })

  it("is not read from any cut of its string form", () => {
    const text = TaskHandle.format(full)
    for (let length = 0; length < text.length; length++) {
      assert.isUndefined(TaskHandle.parse(text.slice(0, length)))
      assert.isUndefined(TaskHandle.parse(text.slice(text.length - length)))
    }
  })

  it("is not read from a string with any one character changed, added, lost or swapped", () => {
    const text = TaskHandle.format(full)
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/= \n."
    for (let index = 0; index < text.length; index++) {
      const [before, char, after] = [text.slice(0, index), text[index]!, text.slice(index + 1)]
      for (const other of alphabet) {
        if (other !== char) assert.isUndefined(TaskHandle.parse(before + other + after))
        assert.isUndefined(TaskHandle.parse(before + other + char + after))
      }
      assert.isUndefined(TaskHandle.parse(before + after))
      const next = after[0]
      if (next !== undefined && next !== char) {
        assert.isUndefined(TaskHandle.parse(before + next + char + after.slice(1)))
      }
    }
    assert.isUndefined(TaskHandle.parse(`${text}\n`))
    assert.isUndefined(TaskHandle.parse(` ${text}`))
    assert.deepStrictEqual(TaskHandle.parse(text), full)
  })

  it.prop("is undefined for any other text, and never throws", { text: Schema.String }, ({ text }) => {
    assert.isUndefined(TaskHandle.parse(text))
    assert.isUndefined(TaskHandle.parse(`vt1_${text}`))
    assert.isUndefined(TaskHandle.parse(`vt1_${Base64Url.encode(text)}`))
  }, many)

  it("is undefined for a well-sealed string that is no handle", () => {
    const parts = ["p", "f", "r", "https://h.example", "default", null, null]
    assert.strictEqual(TaskHandle.parse(sealed(JSON.stringify(parts)))?.remoteId, "r")
    const variants = [
      ["p", "f", "r", "https://user:pass@h.example", "default", null, null],
      ["p", "f", "r", "https://h.example?key=1", "default", null, null],
      ["p", "f", "r", "https://h.example#x", "default", null, null],
      ["p", "f", "r", "file:///etc/passwd", "default", null, null],
      ["p", "f", "r", "https://h.example/", "default", null, null],
      ["p", "f", "", "https://h.example", "default", null, null],
      ["p", "f", "r".repeat(513), "https://h.example", "default", null, null],
      ["p", "f", "r", "https://h.example", "default", null, null, "r".repeat(65)],
      ["p", "f", 7403452342345678, "https://h.example", "default", null, null],
      ["p", "f", "r", "https://h.example", "default", "now", null],
      ["p", "f", "r", "https://h.example", "default"],
      ["p", "f", "r", `https://h.example${"/".repeat(100_000)}x`, "default", null, null]
    ].map((value) => JSON.stringify(value))
    for (const json of [...variants, "{}", "null", "", "not json", "[".repeat(100_000), "[1e999]", "\ufeff[]"]) {
      assert.isUndefined(TaskHandle.parse(sealed(json)))
    }
  })

  describe("normalizeBaseUrl", () => {
    it.each([
      ["https://api.example.com", "https://api.example.com"],
      ["https://api.example.com/", "https://api.example.com"],
      ["HTTPS://API.Example.com:443/v1//", "https://api.example.com/v1"],
      ["http://localhost:8080/a/../b", "http://localhost:8080/b"],
      ["https://bücher.example", "https://xn--bcher-kva.example"]
    ])("writes %s as %s", (text, expected) => {
      assert.strictEqual(TaskHandle.normalizeBaseUrl(text), expected)
      assert.strictEqual(TaskHandle.normalizeBaseUrl(expected), expected)
    })

    it.each([
      "",
      "api.example.com",
      "ftp://api.example.com",
      "file:///etc/passwd",
      "javascript:alert(1)",
      "https://user@api.example.com",
      "https://:pass@api.example.com",
      "https://user:pass@api.example.com/v1",
      "https://api.example.com?key=1",
      "https://api.example.com/v1#part",
      "https://"
    ])("refuses %s", (text) => {
      assert.isUndefined(TaskHandle.normalizeBaseUrl(text))
      assert.isTrue(Result.isFailure(Schema.decodeUnknownResult(TaskHandle.BaseUrl)(text)))
    })
  })

  it("bounds the length of a base URL", () => {
    const long = `https://api.example.com/${"a".repeat(2_048)}`
    assert.isUndefined(TaskHandle.normalizeBaseUrl(long))
    assert.strictEqual(TaskHandle.normalizeBaseUrl(long.slice(0, 2_048)), long.slice(0, 2_048))
  })

  describe("FromString", () => {
    it.effect.prop(
      "decodes what format writes, and encodes it again",
      { handle: handles },
      ({ handle }) =>
        Effect.gen(function*() {
          const text = TaskHandle.format(handle)
          const decoded = yield* Schema.decodeEffect(TaskHandle.FromString)(text)
          assert.deepStrictEqual(decoded, TaskHandle.parse(text))
          assert.strictEqual(yield* Schema.encodeEffect(TaskHandle.FromString)(decoded), text)
        }),
      many
    )

    it.effect("fails in words for anything else", () =>
      Effect.gen(function*() {
        const error = yield* Schema.decodeEffect(TaskHandle.FromString)("vt1_x").pipe(Effect.flip)
        assert.include(error.message, "a handle, whole and unchanged")
      }))
  })

  it("names the same task whatever its time and fingerprint", () => {
    assert.isTrue(TaskHandle.isSameTask(handle, full))
    for (const over of [{ provider: "x" }, { remoteId: "x" }, { baseUrl: "https://x.example" }, { account: "x" }]) {
      assert.isFalse(TaskHandle.isSameTask(handle, Handle.make({ ...handle, ...over })))
    }
  })

  it("is plain JSON by its schema", () => {
    const encoded = Schema.encodeSync(Schema.toCodecJson(Handle))(full)
    assert.deepStrictEqual(encoded, {
      provider: "cometapi",
      family: "seedance",
      remoteId: "task_abc123",
      baseUrl: "https://api.cometapi.com",
      account: "default",
      createdAt: 1_700_000_000_000,
      requestHash: "ab12"
    })
    assert.deepStrictEqual(Schema.decodeUnknownSync(Schema.toCodecJson(Handle))(encoded), full)
  })
})
