import { assert, describe, it } from "@effect/vitest"
import * as Download from "@video-tasks/runtime/Download"

describe("Download.refusedRange", () => {
  it("knows the addresses of the internet", () => {
    const open = [
      "8.8.8.8",
      "1.1.1.1",
      "172.15.255.255",
      "172.32.0.0",
      "100.63.255.255",
      "100.128.0.0",
      "169.253.255.255",
      "192.167.255.255",
      "198.17.255.255",
      "198.20.0.0",
      "223.255.255.255",
      "2606:4700:4700::1111",
      "2001:4860:4860::8888",
      "[2a00:1450:4001:80b::200e]",
      "::ffff:8.8.8.8",
      "64:ff9b::808:808",
      "2002:808:808::1"
    ]
    assert.deepStrictEqual(
      open.map((address) => [address, Download.refusedRange(address)]),
      open.map((address) => [address, undefined])
    )
  })

  it("names every other range", () => {
    const ranges: Record<string, string> = {
      "0.0.0.0": "this network",
      "10.255.255.255": "a private address",
      "100.64.0.1": "a shared (carrier) address",
      "100.127.255.255": "a shared (carrier) address",
      "127.0.0.1": "a loopback address",
      "127.255.255.255": "a loopback address",
      "169.254.169.254": "a link-local or metadata address",
      "172.16.0.0": "a private address",
      "172.31.255.255": "a private address",
      "192.0.0.192": "a reserved address",
      "192.0.2.1": "a documentation address",
      "192.88.99.1": "a reserved address",
      "192.168.1.1": "a private address",
      "198.19.255.255": "a benchmarking address",
      "198.51.100.1": "a documentation address",
      "203.0.113.1": "a documentation address",
      "224.0.0.1": "a multicast address",
      "239.255.255.255": "a multicast address",
      "240.0.0.1": "a reserved address",
      "255.255.255.255": "a reserved address",
      "::": "this network",
      "::1": "a loopback address",
      "[::1]": "a loopback address",
      "0:0:0:0:0:0:0:1": "a loopback address",
      "::127.0.0.1": "a reserved address",
      "::ffff:127.0.0.1": "a loopback address",
      "::ffff:7f00:1": "a loopback address",
      "::FFFF:A9FE:A9FE": "a link-local or metadata address",
      "64:ff9b::10.0.0.1": "a private address",
      "64:ff9b:1::1": "a private address",
      "2002:7f00:1::": "a loopback address",
      "100::1": "a reserved address",
      "2001::1": "a reserved address",
      "2001:db8::1": "a documentation address",
      "3fff::1": "a documentation address",
      "5f00::1": "a reserved address",
      "fc00::1": "a private address",
      "fd00:ec2::254": "a private address",
      "fe80::1%eth0": "a link-local address",
      "febf::1": "a link-local address",
      "fec0::1": "a private address",
      "ff02::1": "a multicast address"
    }
    assert.deepStrictEqual(
      Object.fromEntries(Object.keys(ranges).map((address) => [address, Download.refusedRange(address)])),
      ranges
    )
  })

  it("takes nothing for an address that is none", () => {
    for (
      const text of [
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "256.1.1.1",
        "1::2::3",
        "12345::",
        ":::",
        "1:2:3:4:5:6:7",
        "::ffff:1.2.3.256"
      ]
    ) {
      assert.strictEqual(Download.refusedRange(text), "not an address", text)
    }
  })
})
