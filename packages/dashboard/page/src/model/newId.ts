/** A new UUIDv7: the time `at`, in ms since 1970, and 72 bits of chance. */
export const newId = (at: number): string => {
  const hex = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, "0")).join(
    ""
  )
  const time = Math.floor(at).toString(16).padStart(12, "0")
  // Of the first four bits of chance two are the variant.
  const variant = (8 + Number(`0x${hex[0]}`) % 4).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(1, 4)}-${variant}${hex.slice(4, 7)}-${hex.slice(8)}`
}
