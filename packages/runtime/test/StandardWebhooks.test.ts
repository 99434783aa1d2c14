import { assert, describe, it } from "@effect/vitest"
import { StandardWebhooks } from "@video-tasks/runtime"
import { Redacted, Result } from "effect"
import { createHmac } from "node:crypto"
import { inspect } from "node:util"

const key = (secret: string) => StandardWebhooks.parseSecret(Redacted.make(secret))!

const bytes = (text: string) => new TextEncoder().encode(text)

/** The example of Kling's page on callbacks. */
const kling = {
  secret: "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI=",
  at: 1_781_080_794,
  body: `{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}`,
  headers: {
    "webhook-id": "9876543210",
    "webhook-timestamp": "1781080794",
    "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="
  }
}

/** The test of the reference libraries of Standard Webhooks. */
const spec = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  at: 1_614_265_330,
  body: `{"test": 2432232314}`,
  headers: {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
  }
}

const verify = (
  headers: StandardWebhooks.Headers,
  { at = spec.at, body = spec.body, keys = [key(spec.secret)] }: {
    readonly at?: number
    readonly body?: string
    readonly keys?: ReadonlyArray<Redacted.Redacted<Uint8Array>>
  } = {}
) =>
  Result.match(StandardWebhooks.verify({ headers, body: bytes(body) }, keys, at * 1000), {
    onSuccess: ({ id, timestamp }) => `${id} ${timestamp}`,
    onFailure: ({ kind }) => kind
  })

const good = "msg_p5jXN8AQM9LWM0D4loKWxJek 1614265330"

const signature = spec.headers["webhook-signature"]

const signed = (value: string) => verify({ ...spec.headers, "webhook-signature": value })

describe("StandardWebhooks", () => {
  it("believes Kling's example", () => {
    const { at, body, headers, secret } = kling
    assert.strictEqual(verify(headers, { at, body, keys: [key(secret)] }), "9876543210 1781080794")
  })

  it("believes the example of the reference libraries", () => {
    assert.strictEqual(verify(spec.headers), good)
  })

  it("signs as both do, and as node:crypto does", () => {
    for (const { at, body, headers, secret } of [kling, spec]) {
      const id = headers["webhook-id"]
      const made = StandardWebhooks.sign({ id, timestamp: at, body: bytes(body) }, [key(secret)])
      assert.deepStrictEqual(made, headers)
      const mac = createHmac("sha256", Buffer.from(secret.slice("whsec_".length), "base64"))
      assert.strictEqual(`v1,${mac.update(`${id}.${at}.${body}`).digest("base64")}`, made["webhook-signature"])
    }
  })

  it("believes 300 s in either direction, and not one more", () => {
    const at = (offset: number) => verify(spec.headers, { at: spec.at + offset })
    assert.deepStrictEqual([-301, -300, 0, 300, 301].map(at), ["stale", good, good, good, "stale"])
  })

  it("looks for a good signature among several, and skips versions that it does not know", () => {
    const other = "v1,bm9ldHUgYmllYmVyIGtuaWdodHMgb2YgdGhlIHRhYmxl"
    assert.deepStrictEqual(
      [`${other} ${signature}`, `v1a,AAAA ${signature}`, `v2,${signature.slice(3)}`, `v1a,AAAA`, other].map(signed),
      [good, good, "unsigned", "unsigned", "forged"]
    )
  })

  it("takes the old secret and the new one while they change", () => {
    const [old, now] = [key("whsec_b2xk"), key(spec.secret)]
    assert.strictEqual(verify(spec.headers, { keys: [old, now] }), good)
    const both = StandardWebhooks.sign({ id: "a", timestamp: spec.at, body: bytes("{}") }, [old, now])
    for (const keys of [[old], [now], [now, old]]) {
      assert.strictEqual(verify(both, { body: "{}", keys }), "a 1614265330")
    }
    assert.strictEqual(verify(both, { body: "{}", keys: [key("bmV3")] }), "forged")
  })

  it("believes nothing when one byte of anything is another", () => {
    assert.strictEqual(verify(spec.headers, { body: spec.body.replace(": ", ":") }), "forged")
    assert.strictEqual(verify({ ...spec.headers, "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJel" }), "forged")
    assert.strictEqual(verify({ ...spec.headers, "webhook-timestamp": "1614265331" }), "forged")
    assert.strictEqual(signed(signature.replace("g0", "g1")), "forged")
    assert.strictEqual(signed("v1,g0hM"), "forged")
    assert.strictEqual(verify(spec.headers, { keys: [] }), "forged")
  })

  it("calls unsigned what lacks a header or has an odd one", () => {
    const { "webhook-id": id, "webhook-signature": signature, "webhook-timestamp": timestamp } = spec.headers
    const odd: ReadonlyArray<StandardWebhooks.Headers> = [
      {},
      { "webhook-id": id, "webhook-timestamp": timestamp },
      { "webhook-signature": signature, "webhook-timestamp": timestamp },
      { "webhook-id": id, "webhook-signature": signature },
      { ...spec.headers, "webhook-id": "a.b" },
      { ...spec.headers, "webhook-id": "a".repeat(257) },
      { ...spec.headers, "webhook-timestamp": "1614265330.0" },
      { ...spec.headers, "webhook-timestamp": " 1614265330" },
      { ...spec.headers, "webhook-timestamp": "1614265330".padStart(13, "0") },
      { ...spec.headers, "webhook-signature": "v1,no base64!" },
      { ...spec.headers, "webhook-signature": `${signature} `.repeat(100) }
    ]
    assert.deepStrictEqual(odd.map((headers) => verify(headers)), odd.map(() => "unsigned"))
  })

  it("reads secrets with and without their prefix, and shows none", () => {
    const plain = key("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert.deepStrictEqual(Redacted.value(plain), Redacted.value(key(` ${spec.secret}\n`)))
    assert.strictEqual(inspect(plain), inspect(Redacted.make(0, { label: "webhook key" })))
    const bad = ["", "whsec_", "whsec_no base64!", "sk-12345"].map((text) =>
      StandardWebhooks.parseSecret(Redacted.make(text))
    )
    assert.deepStrictEqual(bad, [undefined, undefined, undefined, undefined])
  })
})
