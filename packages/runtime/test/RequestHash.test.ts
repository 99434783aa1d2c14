import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { RequestHash } from "../src/index.ts"

const request = { provider: "p", family: "f", model: "m", prompt: "A fox" }

const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex")

describe("RequestHash", () => {
  it.effect("is the SHA-256 of the request, whatever the order of its fields", () =>
    Effect.gen(function*() {
      const hash = yield* RequestHash.of({ ...request, seconds: undefined, options: { b: [1, null], a: "x" } })
      assert.strictEqual(
        hash,
        sha256(
          "{\"family\":\"f\",\"images\":[],\"model\":\"m\",\"options\":{\"a\":\"x\",\"b\":[1,null]},"
            + "\"prompt\":\"A fox\",\"provider\":\"p\"}"
        )
      )
      assert.strictEqual(hash, yield* RequestHash.of({ options: { a: "x", b: [1, null] }, ...request }))
    }))

  it.effect("counts every field, and of a file its size, type and both ends", () =>
    Effect.gen(function*() {
      const file = new Uint8Array(200_000).fill(7)
      const withImage = (...images: ReadonlyArray<URL | Uint8Array<ArrayBuffer> | Blob>) => ({ ...request, images })
      const variants = [
        request,
        { ...request, prompt: "A cat" },
        { ...request, seconds: 5 },
        { ...request, size: "1280x720" },
        { ...request, resolution: "720p" },
        { ...request, options: { seed: 1 } },
        withImage(new URL("https://files.example.com/a.png")),
        withImage(file),
        withImage(file.with(0, 1)),
        withImage(file.with(199_999, 1)),
        withImage(file.slice(1)),
        withImage(new Blob([file])),
        withImage(new Blob([file], { type: "image/png" })),
        withImage(file, file)
      ]
      const hashes = yield* Effect.forEach(variants, RequestHash.of)
      assert.strictEqual(new Set(hashes).size, variants.length)
      assert.deepStrictEqual(yield* Effect.forEach(variants, RequestHash.of), hashes)
    }))

  it.effect("counts a file that can't be read by its size and type", () =>
    Effect.gen(function*() {
      const broken = Object.assign(new Blob([new Uint8Array(9)], { type: "image/png" }), {
        arrayBuffer: () => Promise.reject(new Error("gone"))
      })
      const whole = new Blob([new Uint8Array(9)], { type: "image/png" })
      const hash = yield* RequestHash.of({ ...request, images: [broken] })
      assert.notStrictEqual(hash, yield* RequestHash.of({ ...request, images: [whole] }))
      assert.strictEqual(hash, yield* RequestHash.of({ ...request, images: [broken] }))
    }))
})
