/** What Ark checks of a create. Fields that it does not know are ignored. */
import type { SeedTask } from "../SeedTask.ts"
import { isObject, type Json } from "./json.ts"

/** @internal A complaint about one field: `InvalidParameter`, or `MissingParameter`. */
export interface Complaint {
  readonly param: string
  readonly missing: boolean
}

/** @internal A create that was read. */
export interface Order {
  readonly model: string
  readonly seeded: SeedTask
  readonly said: Json
}

const missing = (param: string): Complaint => ({ param, missing: true })

const invalid = (param: string): Complaint => ({ param, missing: false })

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

/** The part that holds the link of a kind of content, and its role. */
const roles: Readonly<Record<string, ReadonlyArray<string>>> = {
  image_url: ["first_frame", "last_frame", "reference_image"],
  video_url: ["reference_video"],
  audio_url: ["reference_audio"]
}

const partComplaint = (part: unknown, index: number): Complaint | undefined => {
  if (!isObject(part)) return invalid(`content[${index}]`)
  const { role, type } = part
  if (type === "text") return isText(part["text"]) ? undefined : missing(`content[${index}].text`)
  if (type === "draft_task") return isObject(part[type]) ? undefined : missing(`content[${index}].draft_task`)
  const allowed = typeof type === "string" && Object.hasOwn(roles, type) ? roles[type] : undefined
  if (allowed === undefined || typeof type !== "string") return invalid(`content[${index}].type`)
  const media = part[type]
  if (!isObject(media) || !isText(media["url"])) return missing(`content[${index}].${type}`)
  if (!/^(https?:\/\/|data:|asset:\/\/)/.test(media["url"])) return invalid(`content[${index}].${type}`)
  return role === undefined || (typeof role === "string" && allowed.includes(role))
    ? undefined
    : invalid(`content[${index}].role`)
}

/** A first frame, a first and a last one, or references: the roles of one task belong to one of them. */
const rolesComplaint = (parts: ReadonlyArray<Json>): Complaint | undefined => {
  const pictures = parts.filter(({ type }) => type === "image_url")
  const count = (...of: ReadonlyArray<unknown>) => pictures.filter(({ role }) => of.includes(role)).length
  const first = count("first_frame", undefined)
  const last = count("last_frame")
  const references = parts.filter(({ role }) => typeof role === "string" && role.startsWith("reference_")).length
  return first > 1 || last > 1 || last > first || (references > 0 && first + last > 0)
    ? invalid("content")
    : undefined
}

const contentComplaint = (content: unknown): Complaint | undefined => {
  if (content === undefined) return missing("content")
  if (!Array.isArray(content) || content.length === 0) return invalid("content")
  const parts: ReadonlyArray<unknown> = content
  for (const [index, part] of parts.entries()) {
    const found = partComplaint(part, index)
    if (found !== undefined) return found
  }
  return rolesComplaint(parts.filter(isObject))
}

/** The lengths that a model makes, in seconds (BytePlus ModelArk, "Create a video generation task"). */
const lengths: ReadonlyArray<readonly [model: RegExp, min: number, max: number]> = [
  [/seedance-2-5/, 4, 30],
  [/seedance-2-0/, 4, 15],
  [/seedance-1-5/, 4, 12],
  [/seedance-1-0/, 2, 12]
]

const ratios = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"]

const resolutions = ["480p", "720p", "1080p", "4k"]

const between = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && Number(value) >= min && Number(value) <= max

const isOneOf = (allowed: ReadonlyArray<unknown>) => (value: unknown): boolean => allowed.includes(value)

const isBoolean = (value: unknown): boolean => typeof value === "boolean"

const checks: ReadonlyArray<readonly [field: string, holds: (value: unknown, model: string) => boolean]> = [
  ["ratio", isOneOf(ratios)],
  ["resolution", isOneOf(resolutions)],
  ["duration", (value, model) => {
    const [, min = 1, max = 3600] = lengths.find(([of]) => of.test(model)) ?? []
    return value === -1 || between(value, min, max)
  }],
  ["frames", (value) => between(value, 1, 10_000)],
  ["seed", (value) => between(value, -1, 2 ** 32 - 1)],
  ["camera_fixed", isBoolean],
  ["watermark", isBoolean],
  ["generate_audio", isBoolean],
  ["return_last_frame", isBoolean],
  ["draft", isBoolean],
  ["service_tier", isOneOf(["default", "flex"])],
  ["priority", (value) => between(value, 0, 9)],
  ["execution_expires_after", (value) => between(value, 1, Number.MAX_SAFE_INTEGER)],
  ["callback_url", (value) => isText(value) && URL.canParse(value)],
  ["safety_identifier", (value) => isText(value) && value.length <= 64]
]

/** @internal The first thing that is wrong. */
export const complaint = (body: Json, model: string): Complaint | undefined =>
  contentComplaint(body["content"]) ??
    checks.flatMap(([field, holds]) =>
      body[field] === undefined || body[field] === null || holds(body[field], model) ? [] : [invalid(field)]
    )[0]

const flag = (prompt: string, ...names: ReadonlyArray<string>): string | undefined =>
  new RegExp(`--(?:${names.join("|")})\\s+(\\S+)`).exec(prompt)?.[1]

const string = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

const number = (value: unknown): number | undefined => typeof value === "number" && value >= 0 ? value : undefined

/** @internal The text may also hold `--duration 5 --ratio 16:9`, as CometAPI's page for this route writes it. */
export const order = (body: Json, model: string): Order => {
  const parts: ReadonlyArray<unknown> = Array.isArray(body["content"]) ? body["content"] : []
  const prompt = parts.filter(isObject).map(({ text }) => string(text) ?? "").join(" ").trim()
  const written = Number(flag(prompt, "duration", "dur"))
  return {
    model,
    said: body,
    seeded: {
      model,
      prompt,
      seconds: number(body["duration"]) ?? (written > 0 ? written : 5),
      size: string(body["ratio"]) ?? flag(prompt, "ratio", "rt") ?? "16:9",
      resolution: string(body["resolution"]) ?? flag(prompt, "resolution", "rs") ?? "720p"
    }
  }
}
