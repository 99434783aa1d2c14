/**
 * Which network addresses a download may lead to.
 *
 * The ranges are those of the IANA special-purpose address registries (RFC 6890 and its updates) that are not globally
 * reachable, with multicast.
 */

/**
 * Names the range of a literal IPv4 or IPv6 address that is not public; `undefined` for a public one. A text that is no
 * address at all is not public.
 */
export const refusedRange = (text: string): string | undefined => {
  const bare = text.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "")
  const four = parseIPv4(bare)
  if (four !== undefined) return refusedIPv4(four)
  const six = parseIPv6(bare)
  return six === undefined ? "not an address" : refusedIPv6(six)
}

/** Returns `true` when a host of a URL is a literal address. */
const isLiteral = (host: string): boolean => host.startsWith("[") || parseIPv4(host) !== undefined

/**
 * Names what is private about the host of a URL, without asking the DNS; `undefined` when nothing is. The URL parser has
 * already turned every spelling of an IPv4 address (`0x7f.1`, `2130706433`) into four numbers.
 */
export const refusedHost = (host: string): string | undefined => {
  if (isLiteral(host)) return refusedRange(host)
  const name = host.toLowerCase().replace(/\.$/, "")
  if (!name.includes(".")) return "a name of the local network"
  return localSuffixes.some((suffix) => name.endsWith(suffix)) ? "a name of the local network" : undefined
}

// internal

const localSuffixes = [".localhost", ".local", ".internal", ".home.arpa", ".lan", ".intranet"]

const parseIPv4 = (text: string): number | undefined => {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return value
}

const rangesIPv4: ReadonlyArray<readonly [network: string, bits: number, name: string]> = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "a private address"],
  ["100.64.0.0", 10, "a shared (carrier) address"],
  ["127.0.0.0", 8, "a loopback address"],
  ["169.254.0.0", 16, "a link-local or metadata address"],
  ["172.16.0.0", 12, "a private address"],
  ["192.0.0.0", 24, "a reserved address"],
  ["192.0.2.0", 24, "a documentation address"],
  ["192.88.99.0", 24, "a reserved address"],
  ["192.168.0.0", 16, "a private address"],
  ["198.18.0.0", 15, "a benchmarking address"],
  ["198.51.100.0", 24, "a documentation address"],
  ["203.0.113.0", 24, "a documentation address"],
  ["224.0.0.0", 4, "a multicast address"],
  ["240.0.0.0", 4, "a reserved address"]
]

const refusedIPv4 = (value: number): string | undefined =>
  rangesIPv4.find(([network, bits]) => {
    const size = 2 ** (32 - bits)
    return Math.floor(value / size) === Math.floor((parseIPv4(network) ?? 0) / size)
  })?.[2]

/** Eight groups of 16 bits. */
const parseIPv6 = (text: string): ReadonlyArray<number> | undefined => {
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  if (mapped?.[1] !== undefined && mapped[2] !== undefined) {
    const four = parseIPv4(mapped[2])
    if (four === undefined) return undefined
    return parseIPv6(`${mapped[1]}${Math.floor(four / 65536).toString(16)}:${(four % 65536).toString(16)}`)
  }
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half) => half === "" ? [] : half.split(":"))
  const left = head ?? []
  const right = tail ?? []
  const missing = 8 - left.length - right.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const groups = [...left, ...Array.from({ length: missing }, () => "0"), ...right]
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return groups.map((group) => Number.parseInt(group, 16))
}

const refusedIPv6 = (groups: ReadonlyArray<number>): string | undefined => {
  const at = (index: number): number => groups[index] ?? 0
  const embedded = (index: number) => refusedIPv4(at(index) * 65536 + at(index + 1))
  const firstFiveZero = groups.slice(0, 5).every((group) => group === 0)
  if (firstFiveZero && at(5) === 0xffff) return embedded(6)
  if (firstFiveZero && at(5) === 0) {
    if (at(6) === 0 && at(7) === 0) return "this network"
    return at(6) === 0 && at(7) === 1 ? "a loopback address" : "a reserved address"
  }
  if (at(0) === 0x64 && at(1) === 0xff9b) {
    return groups.slice(2, 6).every((group) => group === 0) ? embedded(6) : "a private address"
  }
  if (at(0) === 0x2002) return embedded(1)
  if (at(0) >= 0xff00) return "a multicast address"
  if ((at(0) & 0xffc0) === 0xfe80) return "a link-local address"
  if ((at(0) & 0xffc0) === 0xfec0 || (at(0) & 0xfe00) === 0xfc00) return "a private address"
  if (at(0) === 0x2001 && at(1) < 0x200) return "a reserved address"
  if ((at(0) === 0x2001 && at(1) === 0xdb8) || (at(0) === 0x3fff && at(1) < 0x1000)) return "a documentation address"
  return (at(0) & 0xe000) === 0x2000 ? undefined : "a reserved address"
}
