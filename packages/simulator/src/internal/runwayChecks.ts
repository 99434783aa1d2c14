import { isObject, type Json } from "./json.ts"
import type { Issue } from "./runwayWords.ts"

/** What a model takes. */
interface Rules {
  readonly ratios?: ReadonlyArray<string>
  /** Whether the ratio has to be there. */
  readonly needsRatio?: boolean
  readonly seconds?: (value: number) => boolean
  readonly needsSeconds?: boolean
  readonly needsText?: boolean
  readonly maxText: number
  readonly positions: ReadonlyArray<string | undefined>
}

const gen4Ratios = ["1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672"]

const between = (min: number, max: number) => (value: number): boolean => value >= min && value <= max

const gen4: Rules = {
  ratios: gen4Ratios,
  needsRatio: true,
  seconds: between(2, 10),
  maxText: 1000,
  positions: ["first"]
}

const veo: Rules = {
  ratios: ["1280:720", "720:1280", "1080:1920", "1920:1080"],
  needsRatio: true,
  seconds: (value) => [4, 6, 8].includes(value),
  maxText: 1000,
  positions: ["first", "last"]
}

const other: Rules = { maxText: 15_000, positions: ["first", "last", undefined] }

/** `POST /v1/image_to_video`, as the types of Runway's SDK (4.20) have it. Other models are taken as they come. */
const vendor: Readonly<Record<string, Rules>> = {
  "gen4.5": { ...gen4, needsSeconds: true, needsText: true },
  gen4_turbo: gen4,
  "veo3.1": veo,
  "veo3.1_fast": veo
}

/** CometAPI's page of the same route; the ratio is made fit by the server. */
const gateway: Rules = { seconds: (value) => value === 5 || value === 10, maxText: 512, positions: ["first"] }

const issue = (path: Issue["path"], message: string, code = "custom"): ReadonlyArray<Issue> => [{ code, message, path }]

const missing = (field: string, type: string): ReadonlyArray<Issue> =>
  issue([field], `Invalid input: expected ${type}, received undefined`, "invalid_type")

/** The reasons of Runway's page on troubleshooting assets. */
const linkIssues = (link: unknown, path: Issue["path"]): ReadonlyArray<Issue> => {
  if (typeof link !== "string" || link === "") return issue(path, "Invalid URL")
  if (link.startsWith("data:")) {
    if (!/^data:image\/(jpeg|jpg|png|webp);base64,[A-Za-z0-9+/]+=*$/.test(link)) return issue(path, "Invalid data URI.")
    return link.length > 5 * 1024 * 1024 ? issue(path, "Asset size exceeds 5.0MB.") : []
  }
  if (link.startsWith("runway://")) return []
  return URL.canParse(link) && link.startsWith("https://") ? [] : issue(path, "Only HTTPS URLs are allowed.")
}

const imageIssues = (image: unknown, { positions }: Rules): ReadonlyArray<Issue> => {
  if (image === undefined) return missing("promptImage", "string")
  if (!Array.isArray(image)) return linkIssues(image, ["promptImage"])
  if (image.length === 0) return issue(["promptImage"], "Too small: expected array to have >=1 items", "too_small")
  const items: ReadonlyArray<unknown> = image
  return items.flatMap((item, index) => {
    const { position, uri } = isObject(item) ? item : {}
    const allowed = positions.some((one) => one === position)
    return [
      ...linkIssues(uri, ["promptImage", index, "uri"]),
      ...(allowed
        ? []
        : issue(["promptImage", index, "position"], `Invalid option: expected one of ${options(positions)}`))
    ]
  })
}

const options = (allowed: ReadonlyArray<string | undefined>): string => allowed.map((one) => `"${one}"`).join("|")

const textIssues = (text: unknown, { maxText, needsText }: Rules): ReadonlyArray<Issue> => {
  if (text === undefined) return needsText === true ? missing("promptText", "string") : []
  if (typeof text !== "string") return issue(["promptText"], "Invalid input: expected string", "invalid_type")
  if (text === "") return issue(["promptText"], "Too small: expected string to have >=1 characters", "too_small")
  return text.length > maxText
    ? issue(["promptText"], `Too big: expected string to have <=${maxText} characters`, "too_big")
    : []
}

const ratioIssues = (ratio: unknown, { needsRatio, ratios }: Rules): ReadonlyArray<Issue> => {
  if (ratio === undefined) return needsRatio === true ? missing("ratio", "string") : []
  return typeof ratio === "string" && (ratios === undefined || ratios.includes(ratio))
    ? []
    : issue(["ratio"], `Invalid option: expected one of ${options(ratios ?? [])}`, "invalid_value")
}

const lengthIssues = (duration: unknown, { needsSeconds, seconds }: Rules): ReadonlyArray<Issue> => {
  if (duration === undefined) return needsSeconds === true ? missing("duration", "number") : []
  if (duration === "auto" && seconds === undefined) return []
  return typeof duration === "number" && Number.isInteger(duration) && seconds?.(duration) !== false
    ? []
    : issue(["duration"], "Invalid input", "invalid_value")
}

const seedIssues = (seed: unknown, max: number): ReadonlyArray<Issue> =>
  seed === undefined || (typeof seed === "number" && Number.isInteger(seed) && seed >= 0 && seed <= max)
    ? []
    : issue(["seed"], `Invalid input: expected int from 0 to ${max}`, "invalid_type")

/** @internal Everything that is wrong with a create. */
export const issues = (body: Json, model: string, isGateway: boolean): ReadonlyArray<Issue> => {
  const rules = isGateway ? gateway : Object.hasOwn(vendor, model) ? vendor[model] ?? other : other
  const moderation = body["contentModeration"]
  const threshold = isObject(moderation) ? moderation["publicFigureThreshold"] : undefined
  return [
    ...imageIssues(body["promptImage"], rules),
    ...textIssues(body["promptText"], rules),
    ...ratioIssues(body["ratio"], rules),
    ...lengthIssues(body["duration"], rules),
    ...seedIssues(body["seed"], isGateway ? 999_999_999 : 4_294_967_295),
    ...(threshold === undefined || threshold === "auto" || threshold === "low"
      ? []
      : issue(["contentModeration", "publicFigureThreshold"], "Invalid option: expected one of \"auto\"|\"low\""))
  ]
}
