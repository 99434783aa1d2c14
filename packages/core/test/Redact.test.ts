import { assert, describe, it } from "@effect/vitest"
import { Redact } from "@video-tasks/core"
import { Schema } from "effect"

const signed = "https://tos.example.com/a/v.mp4?X-Tos-Signature=c0ffee&X-Tos-Expires=86400#t=1"

describe("Redact.url", () => {
  it.each([
    [signed, "https://tos.example.com/a/v.mp4"],
    ["https://user:p@ss@cdn.example.com:8443/v.mp4", "https://cdn.example.com:8443/v.mp4"],
    ["https://cdn.example.com/@user/v.mp4", "https://cdn.example.com/@user/v.mp4"],
    ["  HTTPS://cdn.example.com/v.mp4?a=1\n", "HTTPS://cdn.example.com/v.mp4"],
    ["https://cdn.example.com/v.mp4#token=abc", "https://cdn.example.com/v.mp4"],
    ["/v1/videos/t1/content?access=abc", "/v1/videos/t1/content"],
    ["data:video/mp4;base64,AAAA", "data:video/mp4"],
    ["", ""]
  ])("makes %j %j", (url, expected) => {
    assert.strictEqual(Redact.url(url), expected)
  })
})

describe("Redact.text", () => {
  it.each([
    [`failed to fetch ${signed}: 403`, "failed to fetch https://tos.example.com/a/v.mp4 403"],
    [`see "${signed}", or ask`, "see \"https://tos.example.com/a/v.mp4\", or ask"],
    ["{\"url\":\"https:\\/\\/a.example\\/v.mp4?sign=1\"}", "{\"url\":\"https:\\/\\/a.example\\/v.mp4\"}"],
    ["s3://bucket/key?versionId=1", "s3://bucket/key"],
    ["cdn.example.com/v.mp4?X-Tos-Signature=abc", "cdn.example.com/v.mp4"],
    ["https%3A%2F%2Fa.example%2Fv.mp4%3Fsign%3Dabc%26x%3D1", "https%3A%2F%2Fa.example%2Fv.mp4"],
    ["https://a.example/v?title=my video&sign=abc", "https://a.example/v video"],
    ["Authorization: Bearer sk-abc123", "Authorization: Bearer <redacted>"],
    ["X-Api-Key: abc123", "X-Api-Key: <redacted>"],
    ["authorization: sk-abc123", "authorization: <redacted>"],
    ["Authorization: Basic dXNlcjpwYXNz=", "Authorization: Basic <redacted>"],
    ["BEARER secretvalue.", "BEARER <redacted>"],
    ["Invalid token sk-abc***xyz (request id: 2026)", "Invalid token <redacted> (request id: 2026)"],
    [`key_${"0123456789abcdef".repeat(8)}`, "<redacted>"],
    ["whsec_dGVzdHNlY3JldA==", "<redacted>"],
    ["eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln", "<redacted>"],
    ["api_key=abc, token = def", "api_key=<redacted>, token = <redacted>"],
    ["{\"access_token\": \"abc\", \"id\": 1}", "{\"access_token\": \"<redacted>\", \"id\": 1}"],
    ["pwd=hunter2; client_secret = abc", "pwd=<redacted>; client_secret = <redacted>"],
    ["{\"pwd\":\"a b, c&d\",\"n\":1}", "{\"pwd\":\"<redacted>\",\"n\":1}"],
    ["{\"passphrase\":\"correct \\\"horse\\\" battery\"}", "{\"passphrase\":\"<redacted>\"}"],
    ["{\"private_key\":\"-----BEGIN KEY-----\\nMII\\n\"}", "{\"private_key\":\"<redacted>\"}"],
    ["{\"auth\":\"abc\",\"author\":\"Bo\"}", "{\"auth\":\"<redacted>\",\"author\":\"Bo\"}"],
    ["privateKey: 'a b' and jwt = \"c d\"", "privateKey: '<redacted>' and jwt = \"<redacted>\""],
    ["{\"password\":\"abc", "{\"password\":\"<redacted>"],
    ["{\\\"passcode\\\":\\\"a b\\\",\\\"n\\\":1}", "{\\\"passcode\\\":\\\"<redacted>\\\",\\\"n\\\":1}"],
    ["{\\\"secret\\\":\\\"abc\\\"}", "{\\\"secret\\\":\\\"<redacted>\\\"}"]
  ])("makes %j %j", (text, expected) => {
    assert.strictEqual(Redact.text(text), expected)
  })

  it.each([
    "The parameter `duration` specified in the request is not valid.",
    "Bearer token is missing",
    "bearer authentication required",
    "your basic plan is used up: 5 of 5 videos",
    "Invalid token (request id: 20260501124747351)",
    "total_tokens = 108900, 50% done",
    "is a?b or a&b better? ask me@example.com",
    "task-force risk-assessment",
    "当前分组上游负载已饱和,请稍后再试",
    "doubao-seedance-2-0-fast"
  ])("keeps %j", (text) => {
    assert.strictEqual(Redact.text(text), text)
  })

  it.prop("is stable: what is redacted stays as it is", [Schema.String], ([text]) => {
    const once = Redact.text(text)
    assert.strictEqual(Redact.text(once), once)
  }, { arbitrary: { runs: 500 } })

  // Any of these takes minutes where a pattern reads a long word again from each of its letters.
  it.each([
    ["a", "a".repeat(1_000_000)],
    ["?a", "?a".repeat(500_000)],
    ["=sk-", `=${"sk-".repeat(300_000)}`],
    ["=eyJ-", `=${"eyJabcdefgh-".repeat(80_000)}`],
    ["token ", `=${"token ".repeat(160_000)}`],
    ["token\\s", `=token${" ".repeat(1_000_000)}`],
    ["token=\"", "token=\"".repeat(120_000)],
    ["token: \"a", `token: "${"a\\\"".repeat(300_000)}`],
    ["\\\"token", String.raw`\"token\":\"`.repeat(60_000)],
    ["bearer ", `bearer ${" ".repeat(1_000_000)}`],
    ["a:", `=${"a:".repeat(500_000)}`],
    ["://", "://".repeat(300_000)],
    ["https://@", `https://${"a@".repeat(400_000)}`],
    ["\\", `:${"\\".repeat(1_000_000)}`]
  ])("reads a million characters of %j once", (_, text) => {
    assert.isAtMost(Redact.text(text).length, text.length * 4)
  }, 5000)
})

describe("Redact.excerpt", () => {
  it("hides what stands under any of the common names of secrets", () => {
    const names = ["pwd", "user_pwd", "private_key", "privateKey", "auth", "basicAuth", "passphrase", "passcode", "jwt"]
    const read = JSON.parse(Redact.excerpt(Object.fromEntries(names.map((name) => [name, "some words of it"]))))
    assert.deepStrictEqual(read, Object.fromEntries(names.map((name) => [name, "<redacted>"])))
    const plain = { author: "Bo", compass: "north", keyframe: "3" }
    assert.strictEqual(Redact.excerpt(plain), JSON.stringify(plain))
  })

  it("redacts strings, keys and what stands under secret names, at every depth", () => {
    assert.strictEqual(
      Redact.excerpt({
        a: [{ video_url: signed, authorization: ["x"], "X-Tos-Signature": "abc", api_key: "k", sign: 1 }],
        usage: { total_tokens: 108900, completion_tokens: 1 },
        token: null,
        [signed]: true
      }),
      "{\"a\":[{\"video_url\":\"https://tos.example.com/a/v.mp4\",\"authorization\":\"<redacted>\"," +
        "\"X-Tos-Signature\":\"<redacted>\",\"api_key\":\"<redacted>\",\"sign\":\"<redacted>\"}]," +
        "\"usage\":{\"total_tokens\":108900,\"completion_tokens\":1},\"token\":null," +
        "\"https://tos.example.com/a/v.mp4\":true}"
    )
  })

  it("takes the whole query of a link that is a whole value, whatever it holds", () => {
    assert.strictEqual(
      Redact.excerpt({ url: "https://a.example/v.mp4?title=my \"best\" <video>&sign=abc" }),
      "{\"url\":\"https://a.example/v.mp4\"}"
    )
  })

  it("writes what JSON.stringify writes when there is nothing to hide", () => {
    const body = { id: "t1", n: [1, -0.5, 1e21, true, null, "a\"b\n"], o: {}, l: [], s: "\ud800" }
    assert.strictEqual(Redact.excerpt(body), JSON.stringify(body))
  })

  it("is at most as long as asked for, and ends at a whole character", () => {
    const body = { text: "é🎬".repeat(1000) }
    for (let max = 0; max < 60; max++) {
      const text = Redact.excerpt(body, max)
      assert.isAtMost(Buffer.byteLength(text), max)
      assert.strictEqual(Buffer.from(text).toString(), text)
      if (max >= 3) assert.isTrue(text.endsWith("…"))
    }
    assert.isAtMost(Buffer.byteLength(Redact.excerpt({ list: Array.from({ length: 5000 }, () => "é🎬") })), 8192)
  })

  it("reads only as much as it may show", () => {
    let read = 0
    const item = {
      get id() {
        return ++read
      }
    }
    Redact.excerpt(Array.from({ length: 100_000 }, () => item), 100)
    assert.isAtMost(read, 20)
  })

  it("takes values that are no JSON, and what never ends", () => {
    const round: Array<unknown> = []
    round.push(round)
    assert.strictEqual(Redact.excerpt([undefined, Number.NaN, 1n, () => 1, Symbol("a")]), "[null,null,null,null,null]")
    assert.strictEqual(Redact.excerpt(undefined), "null")
    assert.strictEqual(Redact.excerpt(round), `${"[".repeat(32)}"…"${"]".repeat(32)}`)
  })

  it.prop("never shows a query, wherever a link stands", [Schema.Json, Schema.String], ([json, around]) => {
    const link = "https://tos.example.com/v.mp4?X-Tos-Signature=c0ffee-secret"
    for (
      const body of [{ around: json, link }, { [link]: json }, [[`${around} ${link}`]], { deep: { json, l: [link] } }]
    ) {
      assert.notInclude(Redact.excerpt(body), "c0ffee-secret")
    }
  }, { arbitrary: { runs: 500 } })
})

describe("Redact.clip", () => {
  it("keeps what fits, and marks what was cut", () => {
    assert.strictEqual(Redact.clip("abc", 3), "abc")
    assert.strictEqual(Redact.clip("abcd", 3), "…")
    assert.strictEqual(Redact.clip("abcdefg", 6), "abc…")
    assert.strictEqual(Redact.clip("🎬🎬", 8), "🎬🎬")
    assert.strictEqual(Redact.clip("🎬🎬", 7), "🎬…")
    assert.strictEqual(Redact.clip("🎬🎬", 6), "…")
  })
})
