import { assert, describe, it } from "@effect/vitest"
import * as HostPort from "../src/internal/hostPort.ts"

describe("hostPort", () => {
  it("reads a host with a port, and a port alone as one of this machine", () => {
    assert.deepStrictEqual(HostPort.parse("10.0.0.5:4700"), { host: "10.0.0.5", port: 4700 })
    assert.deepStrictEqual(HostPort.parse("worker-1.videos:4700"), { host: "worker-1.videos", port: 4700 })
    assert.deepStrictEqual(HostPort.parse("[::1]:4700"), { host: "::1", port: 4700 })
    assert.deepStrictEqual(HostPort.parse("9464"), { host: "127.0.0.1", port: 9464 })
    assert.deepStrictEqual(HostPort.parse("0"), { host: "127.0.0.1", port: 0 })
  })

  it("refuses everything else", () => {
    for (
      const text of ["", ":", "host", "host:", ":4700", "::1:4700", "host:70000", "host:-1", "http://host:1", "a b:1"]
    ) {
      assert.strictEqual(HostPort.parse(text), undefined, text)
    }
  })

  it("writes what it reads", () => {
    for (const text of ["10.0.0.5:4700", "[::1]:4700"]) {
      assert.strictEqual(HostPort.format(HostPort.parse(text)!), text)
    }
  })
})
