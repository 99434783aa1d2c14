/**
 * Looks at the first bytes of a file: a video or a picture, or a page that says why there is none.
 */
import type { Kind } from "@video-tasks/core/Archived"
import * as Redact from "@video-tasks/core/Redact"

/** So many bytes decide whether a file is a video; a Matroska file says within the first 64 whether it is a WebM. */
export const verdictLength = (head: Uint8Array): number => head[0] === 0x1a ? 64 : 16

/** So many bytes of what is no video are kept for the message. */
export const excerptLength = 4096

/** Names the media type of a video by its first bytes; `undefined` for anything else. */
const videoType = (head: Uint8Array): string | undefined => {
  if (head[0] === 0x1a && head[1] === 0x45 && head[2] === 0xdf && head[3] === 0xa3) {
    return latin1(head).includes("webm") ? "video/webm" : "video/x-matroska"
  }
  const box = latin1(head.subarray(4, 8))
  if (box === "ftyp") return latin1(head.subarray(8, 12)) === "qt  " ? "video/quicktime" : "video/mp4"
  if (fragmentBoxes.has(box)) return "video/mp4"
  return quickTimeBoxes.has(box) ? "video/quicktime" : undefined
}

/** Names the media type of a picture by its first bytes; `undefined` for anything else. */
const pictureType = (head: Uint8Array): string | undefined => {
  const start = latin1(head.subarray(0, 12))
  if (start.startsWith("\xFF\xD8\xFF")) return "image/jpeg"
  if (start.startsWith("\x89PNG")) return "image/png"
  if (start.startsWith("GIF8")) return "image/gif"
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return "image/webp"
  return start.endsWith("ftypavif") ? "image/avif" : undefined
}

/** Names the media type of what is wanted; `undefined` for anything else. */
export const typeOf = (kind: Kind, head: Uint8Array): string | undefined =>
  kind === "video" ? videoType(head) : pictureType(head)

/** Says in words what a file is that is not what is wanted, with what it says of itself, redacted. */
export const describe = (head: Uint8Array, kind: Kind = "video"): string => {
  const text = new TextDecoder().decode(head.subarray(0, excerptLength)).trim()
  if (text === "") return "blank"
  if (/^(<!doctype html|<html|<head|<body)/i.test(text)) return quoted("an HTML page", /<title[^>]*>([^<]*)/i, text)
  if (text.startsWith("<")) return quoted("an XML document", /<code>([^<]*)<\/code>\s*(?:<message>([^<]*))?/i, text)
  if (/^[{[]/.test(text)) return quoted("a JSON document", /"(?:message|error|code|detail|msg)"\s*:\s*"([^"]*)"/i, text)
  return isText(head) ? quoted("a text", /^([^\r\n]*)/, text) : nothingKnown[kind]
}

// internal

const nothingKnown = {
  video: "neither MP4 nor MOV, WebM or Matroska",
  thumbnail: "neither JPEG nor PNG, WebP, GIF or AVIF"
}

/** A file of fragments begins with `ftyp` too, unless it is a part of a longer one. */
const fragmentBoxes = new Set(["styp", "moof", "sidx", "emsg"])

/** Older QuickTime files have no `ftyp`. */
const quickTimeBoxes = new Set(["moov", "mdat", "wide", "free", "skip", "pnot"])

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes.subarray(0, 64))

const isText = (bytes: Uint8Array): boolean => bytes.subarray(0, 256).every((byte) => byte >= 0x20 || isBlank(byte))

const isBlank = (byte: number): boolean => byte === 0x09 || byte === 0x0a || byte === 0x0d

/** Only what is meant for people is quoted: the rest of an error page can hold signatures and keys. */
const quoted = (what: string, pattern: RegExp, text: string): string => {
  const found = pattern.exec(text)?.slice(1).filter((part) => part !== undefined && part.trim() !== "").join(": ")
  if (found === undefined || found === "") return what
  return `${what} (“${Redact.clip(Redact.text(found.replace(/\s+/g, " ").trim()), 200)}”)`
}
