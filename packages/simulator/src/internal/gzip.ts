const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

const crc32 = (bytes: Uint8Array): number => {
  let c = 0xffffffff
  for (const byte of bytes) c = (table[(c ^ byte) & 0xff] ?? 0) ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

/**
 * A valid gzip member (RFC 1952) of stored blocks (RFC 1951 3.2.4). Nothing is compressed: `CompressionStream` would
 * do that, but only asynchronously, and `node:zlib` only on Node.
 *
 * @internal
 */
export const stored = (bytes: Uint8Array): Uint8Array => {
  const blocks = Math.max(1, Math.ceil(bytes.length / 0xffff))
  const out = new Uint8Array(10 + blocks * 5 + bytes.length + 8)
  const view = new DataView(out.buffer)
  out.set([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff])
  let at = 10
  for (let block = 0; block < blocks; block++) {
    const part = bytes.subarray(block * 0xffff, (block + 1) * 0xffff)
    out[at] = block === blocks - 1 ? 1 : 0
    view.setUint16(at + 1, part.length, true)
    view.setUint16(at + 3, part.length ^ 0xffff, true)
    out.set(part, at + 5)
    at += 5 + part.length
  }
  view.setUint32(at, crc32(bytes), true)
  view.setUint32(at + 4, bytes.length >>> 0, true)
  return out
}
