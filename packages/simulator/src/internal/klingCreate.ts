/** What Kling checks of a create. Fields that it does not know are ignored. */
import type { SeedTask } from "../SeedTask.ts"
import { isObject, type Json } from "./json.ts"

/** @internal */
export type Action = "text2video" | "image2video"

/** @internal A create that was read. */
export interface Order {
  readonly seeded: SeedTask
  readonly reference: string | undefined
  readonly said: Json
}

/** @internal The name `model` is ignored. */
export const modelOf = (body: Json): string => {
  const model = body["model_name"]
  return typeof model === "string" && model !== "" ? model : "kling-v1"
}

const textOf = (body: Json, name: string): string => {
  const value = body[name]
  return typeof value === "string" ? value : ""
}

const tenMegabytes = 10_485_760

/** Bare base64 or a link; a data URI has a prefix that the page forbids. */
const pictureProblem = (body: Json, name: string): string | undefined => {
  const picture = body[name]
  if (picture === undefined || picture === "" || picture === null) return undefined
  if (typeof picture !== "string") return `${name} must be a string`
  if (/^https?:\/\//.test(picture)) return undefined
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(picture)) return `File is not in a valid base64 format: ${name}`
  return picture.length * 3 / 4 > tenMegabytes ? `${name} is larger than 10MB` : undefined
}

const axes = ["horizontal", "vertical", "pan", "tilt", "roll", "zoom"]

const cameras = new Set(["simple", "down_back", "forward_up", "right_turn_forward", "left_turn_forward"])

const cameraProblem = (camera: unknown): string | undefined => {
  if (camera === undefined || camera === null) return undefined
  if (!isObject(camera) || !cameras.has(String(camera["type"]))) return "camera_control.type value is invalid"
  const { config } = camera
  if (camera["type"] !== "simple") return config === undefined ? undefined : "camera_control.config must be empty"
  if (!isObject(config)) return "camera_control.config is required"
  const moves = axes.map((axis) => config[axis] ?? 0)
  if (!moves.every((move) => typeof move === "number" && move >= -10 && move <= 10)) {
    return "camera_control.config value is out of range"
  }
  return moves.filter((move) => move !== 0).length === 1 ? undefined : "camera_control.config must have one value"
}

const isOneOf = (body: Json, name: string, allowed: ReadonlyArray<string>): boolean =>
  body[name] === undefined || (typeof body[name] === "string" && allowed.includes(body[name]))

/** kling-v3 makes 3 to 15 seconds. */
const durations = (model: string): ReadonlyArray<string> =>
  model.startsWith("kling-v3") ? Array.from({ length: 13 }, (_, index) => String(index + 3)) : ["5", "10"]

const sizes = ["16:9", "9:16", "1:1"]

/** CometAPI's page knows some more. */
const moreSizes = [...sizes, "4:3", "3:4", "3:2", "2:3"]

const rangeProblem = (body: Json, action: Action): string | undefined => {
  const model = modelOf(body)
  const cfg = body["cfg_scale"]
  if (cfg !== undefined && !(typeof cfg === "number" && cfg >= 0 && cfg <= 1)) return "cfg_scale value is invalid"
  if (!isOneOf(body, "duration", durations(model))) return `duration value '${String(body["duration"])}' is invalid`
  if (!isOneOf(body, "mode", model.startsWith("kling-v3") ? ["std", "pro", "4k"] : ["std", "pro"])) {
    return `mode value '${String(body["mode"])}' is invalid`
  }
  if (!isOneOf(body, "sound", ["on", "off"])) return "sound value is invalid"
  return action === "text2video" && !isOneOf(body, "aspect_ratio", moreSizes)
    ? `aspect_ratio value '${String(body["aspect_ratio"])}' is invalid`
    : undefined
}

/** @internal Says what is wrong, in the manner of the API (code 1201). */
export const problem = (body: Json, action: Action): string | undefined => {
  const prompt = textOf(body, "prompt")
  const hasPicture = [body["image"], body["image_tail"]].some((picture) => picture !== undefined && picture !== "")
  if (action === "text2video" && prompt.trim() === "") return "prompt can not be empty"
  if (action === "image2video" && !hasPicture) return "image and image_tail can not be empty at the same time"
  for (const name of ["prompt", "negative_prompt"]) {
    if (textOf(body, name).length > 2500) return `${name} is longer than 2500 characters`
  }
  return rangeProblem(body, action) ?? pictureProblem(body, "image") ?? pictureProblem(body, "image_tail") ??
    cameraProblem(body["camera_control"])
}

/** @internal */
export const order = (body: Json): Order => {
  const isPro = body["mode"] === "pro"
  const seconds = Number(textOf(body, "duration") || "5")
  return {
    seeded: {
      model: modelOf(body),
      prompt: textOf(body, "prompt"),
      seconds,
      size: textOf(body, "aspect_ratio") || "16:9",
      resolution: isPro ? "1080p" : "720p",
      // Units of kling-v1-6.
      cost: (isPro ? 3.5 : 2) * seconds / 5
    },
    reference: textOf(body, "external_task_id") || undefined,
    said: { watermark_info: body["watermark_info"], callback_url: body["callback_url"] }
  }
}
