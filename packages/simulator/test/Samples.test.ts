import { assert, describe, it } from "@effect/vitest"
import { Samples } from "@video-tasks/simulator"

interface Box {
  readonly type: string
  readonly content: Uint8Array
}

const boxes = (bytes: Uint8Array): ReadonlyArray<Box> => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const found: Array<Box> = []
  for (let at = 0; at < bytes.length;) {
    const size = view.getUint32(at)
    const type = new TextDecoder().decode(bytes.subarray(at + 4, at + 8))
    found.push({ type, content: bytes.subarray(at + 8, at + size) })
    at += size
  }
  return found
}

const inside = (bytes: Uint8Array, ...path: ReadonlyArray<string>): Uint8Array =>
  path.reduce((content, type) => boxes(content).find((box) => box.type === type)!.content, bytes)

const ratios = Object.keys(Samples.aspectRatios) as Array<Samples.AspectRatio>

describe("Samples", () => {
  it.each(ratios)("has an MP4 for %s that begins with ftyp and has its moov before its data", (ratio) => {
    const file = Samples.mp4(ratio)
    const types = boxes(file).map((box) => box.type)
    assert.strictEqual(types[0], "ftyp")
    assert.isBelow(types.indexOf("moov"), types.indexOf("mdat"))
    assert.isBelow(file.length, 4096)
  })

  it.each(ratios)("says the picture size of the file for %s", (ratio) => {
    const header = inside(Samples.mp4(ratio), "moov", "trak", "tkhd")
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
    assert.deepStrictEqual(
      { width: view.getUint32(header.length - 8) >>> 16, height: view.getUint32(header.length - 4) >>> 16 },
      Samples.aspectRatios[ratio]
    )
  })

  it("has a JPEG", () => {
    assert.deepStrictEqual([...Samples.jpeg().subarray(0, 3)], [0xff, 0xd8, 0xff])
  })

  it.each([
    ["16:9", "16:9"],
    ["9x16", "9:16"],
    ["1280x720", "16:9"],
    ["720x1280", "9:16"],
    ["854x480", "16:9"],
    ["1024 x 1024", "1:1"],
    ["2560x1080", "21:9"],
    ["portrait", "16:9"],
    ["0x0", "16:9"]
  ])("takes %s for %s", (size, ratio) => {
    assert.strictEqual(Samples.aspectRatio(size), ratio)
  })
})
