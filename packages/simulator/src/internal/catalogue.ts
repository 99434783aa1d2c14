/**
 * CometAPI's catalogue of models: prices, features and routes, in all the shapes that clients have met.
 */
import * as answer from "./answer.ts"
import type { Context } from "./context.ts"

/** What an entry says besides its name; the prices are made up, but for that of the overview page's sample. */
interface Facts {
  readonly vendor: string
  readonly title: string
  readonly features: ReadonlyArray<string> | null
  readonly endpoints: unknown
  readonly perSecond?: number
  readonly perRequest?: number
}

/** A JSON document inside a string: so the overview page has it. */
const documented = (name: string, path: string): string =>
  `{\n  "${name}": {\n    "path": "${path}",\n    "method": "POST"\n  }\n}`

const entry = (id: string, { endpoints, features, perRequest, perSecond, title, vendor }: Facts) => ({
  created: 1767529753,
  id,
  code: id,
  provider: vendor,
  provider_code: vendor.toLowerCase().replace("provider", ""),
  name: title,
  model_type: "video",
  features,
  endpoints,
  pricing: {
    currency: "USD / M Tokens",
    input: null,
    output: null,
    per_request: perRequest ?? null,
    per_second: perSecond ?? null
  }
})

const text = ["text-to-video"]
const picture = ["image-to-video"]
const both = ["text-to-video", "image-to-video"]

const seedance = documented("seedance", "/v1/videos")
const videos = documented("openai-video", "/v1/videos")
const runway = documented("runway", "/runwayml/v1/image_to_video")
const xai = documented("xai", "/grok/v1/videos/generations")
/** The same as an object, as it has been met too. */
const kling = {
  text2video: { path: "/kling/v1/videos/text2video", method: "POST" },
  image2video: { path: "/kling/v1/videos/image2video", method: "POST" }
}
/** And as a list. */
const ark = [{ path: "/volc/v3/contents/generations/tasks", method: "POST" }]

const { pricing: _, ...unpriced } = entry("vidu-q2", {
  vendor: "Vidu",
  title: "Vidu Q2",
  features: null,
  endpoints: videos
})

/** The first entry is the sample of the overview page. */
const catalogue: ReadonlyArray<unknown> = [
  entry("your-video-model-id", {
    vendor: "ExampleProvider",
    title: "Example video model",
    features: text,
    endpoints: seedance,
    perSecond: 0.024
  }),
  ...([
    ["doubao-seedance-2-0", "Seedance 2.0", 0.1, both],
    ["doubao-seedance-2-0-fast", "Seedance 2.0 Fast", 0.05, both],
    ["doubao-seedance-1-5-pro", "Seedance 1.5 Pro", 0.04, text],
    ["doubao-seedance-1-0-pro", "Seedance 1.0 Pro", 0.03, text]
  ] as const).map(([id, title, perSecond, features]) =>
    entry(id, { vendor: "ByteDance", title, features, endpoints: seedance, perSecond })
  ),
  entry("sora-2", { vendor: "OpenAI", title: "Sora 2", features: both, endpoints: videos, perSecond: 0.08 }),
  entry("sora-2-pro", { vendor: "OpenAI", title: "Sora 2 Pro", features: both, endpoints: videos, perSecond: 0.24 }),
  entry("veo3-fast", { vendor: "Google", title: "Veo 3 Fast", features: both, endpoints: videos, perRequest: 0.4 }),
  entry("gen3a_turbo", {
    vendor: "Runway",
    title: "Gen-3 Alpha Turbo",
    features: picture,
    endpoints: runway,
    perRequest: 0.32
  }),
  entry("kling-v1-6", { vendor: "Kling", title: "Kling 1.6", features: both, endpoints: kling, perRequest: 0.28 }),
  // No price at all: nobody can say beforehand what it costs.
  entry("kling-v2-master", { vendor: "Kling", title: "Kling 2 Master", features: both, endpoints: kling }),
  entry("grok-imagine-video", {
    vendor: "xAI",
    title: "Grok Imagine",
    features: both,
    endpoints: xai,
    perSecond: 0.05
  }),
  // Charged by tokens: the catalogue has a price, and it is not that of a video.
  {
    ...entry("doubao-seedance-1-5-pro-251215", {
      vendor: "ByteDance",
      title: "Seedance 1.5 Pro (Ark)",
      features: both,
      endpoints: ark
    }),
    pricing: { currency: "USD / M Tokens", input: null, output: 2, per_request: null, per_second: null }
  },
  { ...unpriced, upcoming: true },
  {
    ...entry("wan2.5-t2v", { vendor: "Alibaba", title: "Wan 2.5", features: text, endpoints: "" }),
    code: "wan2-5-t2v",
    pricing: { currency: "USD / M Tokens", ratio: 0.8, per_request: "0.5" }
  },
  {
    ...entry("gpt-5-mini", { vendor: "OpenAI", title: "GPT-5 mini", features: ["text"], endpoints: "openai" }),
    model_type: "text",
    pricing: { currency: "USD / M Tokens", input: 0.2, output: 1.6, per_request: null, per_second: null }
  }
]

/**
 * `GET /api/models`, open to everybody. `page=0` or `page_size=0` asks for all of it.
 *
 * @internal
 */
export const list = (context: Context): answer.Answer => {
  const query = new URLSearchParams(context.request.query)
  const page = Number(query.get("page") ?? 1)
  const size = Number(query.get("page_size") ?? 20)
  const isWhole = !(page > 0) || !(size > 0)
  const data = isWhole ? catalogue : catalogue.slice((page - 1) * size, page * size)
  return answer.json(200, {
    success: true,
    page: isWhole ? 0 : page,
    page_size: isWhole ? 0 : size,
    total: catalogue.length,
    data
  })
}
