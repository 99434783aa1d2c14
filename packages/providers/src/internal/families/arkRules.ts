/**
 * What Ark's create takes besides what the specs of its models say (BytePlus ModelArk, "Create a video generation task").
 */
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { Violation } from "@video-tasks/core/VideoTaskError"
import * as OptionRules from "../optionRules.ts"
import { flag, link, oneOf, shown, violation, whole } from "../optionRules.ts"
import * as ArkContent from "./arkContent.ts"
import * as ArkModels from "./arkModels.ts"

/** Finds everything at once. */
export const violations = (request: VideoRequest): ReadonlyArray<Violation> => [
  ...promptViolations(request),
  ...lengthViolations(request),
  ...roleViolations(request),
  ...partViolations(request),
  ...OptionRules.violations(request, checks, undefined)
]

// A model without a spec is asked for a prompt by the common rules.
const promptViolations = ({ images = [], model, options = {}, prompt }: VideoRequest): ReadonlyArray<Violation> =>
  prompt.trim() === "" && images.length === 0 && isEmpty(options["content"]) &&
    ArkModels.models.some(({ id }) => id === model)
    ? [violation("prompt", "empty", "a prompt, a picture or both")]
    : []

const isEmpty = (content: unknown): boolean => !Array.isArray(content) || content.length === 0

const lengthViolations = ({ options = {}, seconds }: VideoRequest): ReadonlyArray<Violation> => {
  const { duration, frames } = options
  return [
    ...(duration === undefined || (duration === -1 && seconds === undefined)
      ? []
      : [violation("options.duration", shown(duration), "-1 alone, where the model shall choose; else use seconds")]),
    ...(frames === undefined || (seconds === undefined && duration === undefined)
      ? []
      : [violation("options.frames", shown(frames), "instead of seconds, not beside them")])
  ]
}

const roleViolations = (request: VideoRequest): ReadonlyArray<Violation> => {
  const field = "options.image_roles"
  const { images = [], options = {} } = request
  const roles = ArkContent.rolesOf(request)
  const allowed = `one of ${ArkContent.roles.join(", ")} for each picture`
  if (roles === undefined || roles.some((role) => !(ArkContent.roles as ReadonlyArray<string>).includes(role))) {
    return [violation(field, shown(options["image_roles"]), allowed)]
  }
  if (roles.length !== images.length) return [violation(field, `${roles.length} for ${images.length}`, allowed)]
  const count = (role: (typeof ArkContent.roles)[number]) => roles.filter((one) => one === role).length
  const [first, last, references] = [count("first_frame"), count("last_frame"), count("reference_image")]
  return first > 1 || last > first || (first > 0 && references > 0)
    ? [violation(field, roles.join(", "), "a first frame, a first and a last frame, or references only")]
    : []
}

const partViolations = ({ options = {} }: VideoRequest): ReadonlyArray<Violation> => {
  const { content } = options
  if (content === undefined) return []
  const isList = Array.isArray(content) &&
    content.every((part) => typeof part === "object" && part !== null && "type" in part)
  return isList ? [] : [violation("options.content", shown(content), "a list of further parts, each with its type")]
}

const maxSafetyIdentifier = 64

const checks: Readonly<Record<string, OptionRules.Check>> = {
  seed: whole(-1, 2 ** 32 - 1),
  priority: whole(0, 9),
  camera_fixed: flag,
  watermark: flag,
  generate_audio: flag,
  return_last_frame: flag,
  draft: flag,
  service_tier: oneOf("default", "flex"),
  execution_expires_after: (value) =>
    Number.isInteger(value) && Number(value) > 0 ? undefined : "a whole number of seconds",
  callback_url: link,
  safety_identifier: (value) =>
    typeof value === "string" && value !== "" && value.length <= maxSafetyIdentifier
      ? undefined
      : `at most ${maxSafetyIdentifier} characters`
}
