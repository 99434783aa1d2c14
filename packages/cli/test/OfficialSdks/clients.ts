/**
 * The vendors' own SDKs, as their documentation shows them: from a prompt to the bytes of a video, with nothing of ours
 * between them and the socket. They wait with real timers.
 */
import { createByteDance } from "@ai-sdk/bytedance"
import { createXai } from "@ai-sdk/xai"
import RunwayML from "@runwayml/sdk"
import { experimental_generateVideo as generateVideo } from "ai"
import { setTimeout as sleep } from "node:timers/promises"
import OpenAI from "openai"
import type { ColumnId } from "../FaultMatrix/columns.ts"

const apiKey = "sk-official-sdk"

/** A patience that fits simulated jobs of a second. */
const patienceMs = 25_000

// What a user of these SDKs fetches the file with.
// @effect-diagnostics globalFetch:off

/** A hung answer is given up after this; the SDKs' own defaults are minutes. */
const requestTimeoutMs = 4_000

const prompt = "a paper airplane"

/** One SDK: makes a video at a simulator and gives its bytes. */
export interface Client {
  readonly sdk: string
  readonly make: (baseUrl: string) => Promise<Uint8Array>
}

const bytesOf = async (response: Response): Promise<Uint8Array> => {
  if (!response.ok) throw new Error(`HTTP ${response.status} of the file`)
  return new Uint8Array(await response.arrayBuffer())
}

const openaiAt = (baseUrl: string) => new OpenAI({ apiKey, baseURL: `${baseUrl}/openai/v1`, timeout: requestTimeoutMs })

const openai: Client["make"] = async (baseUrl) => {
  const client = openaiAt(baseUrl)
  let video = await client.videos.create({ model: "sora-2", prompt, seconds: "4" })
  const began = performance.now()
  // The SDK has no loop of its own; its guide shows this one.
  while (video.status === "queued" || video.status === "in_progress") {
    if (performance.now() - began > patienceMs) throw new Error("gave up waiting")
    await sleep(300)
    video = await client.videos.retrieve(video.id)
  }
  if (video.status !== "completed") throw new Error(`the job ended as ${video.status}`)
  return bytesOf(await client.videos.downloadContent(video.id))
}

/** Lists the videos of `openai`, newest first, deletes the first one, and lists them again. */
export const openaiLibrary = async (baseUrl: string) => {
  const client = openaiAt(baseUrl)
  const listed = async () => {
    const ids: Array<string> = []
    for await (const { id } of client.videos.list({ limit: 1 })) ids.push(id)
    return ids
  }
  const before = await listed()
  const deleted = await client.videos.delete(before[0] ?? "")
  return { before, deleted, after: await listed() }
}

const runway: Client["make"] = async (baseUrl) => {
  const client = new RunwayML({ apiKey, baseURL: `${baseUrl}/runway`, timeout: requestTimeoutMs })
  const { output } = await client.imageToVideo.create({
    model: "gen4_turbo",
    promptImage: "https://files.example.com/boat.png",
    promptText: prompt,
    ratio: "1280:720",
    duration: 5
  }).waitForTaskOutput({ timeout: patienceMs })
  const [url = ""] = output
  return bytesOf(await fetch(url))
}

/** The `ai` package refuses addresses of this machine unless it is given a download of one's own. */
const download = () => async ({ url }: { readonly url: URL }) => ({
  data: await bytesOf(await fetch(url)),
  mediaType: "video/mp4"
})

const patience = () => AbortSignal.timeout(patienceMs)

const xai: Client["make"] = async (baseUrl) => {
  const { video } = await generateVideo({
    model: createXai({ apiKey, baseURL: `${baseUrl}/xai/v1` }).video("grok-imagine-video"),
    prompt,
    duration: 5,
    poll: { intervalMs: 300, timeoutMs: patienceMs },
    abortSignal: patience(),
    download: download()
  })
  return video.uint8Array
}

const bytedance: Client["make"] = async (baseUrl) => {
  const { video } = await generateVideo({
    model: createByteDance({ apiKey, baseURL: `${baseUrl}/ark/api/v3` }).video("seedance-1-0-pro-250528"),
    prompt,
    duration: 5,
    abortSignal: patience(),
    providerOptions: { bytedance: { pollIntervalMs: 300, pollTimeoutMs: patienceMs } },
    download: download()
  })
  return video.uint8Array
}

/** Every SDK, by the column of ours that talks to the same API. */
export const clients = {
  "openai's own": { sdk: "openai", make: openai },
  "runway's own": { sdk: "@runwayml/sdk", make: runway },
  "xai's own": { sdk: "@ai-sdk/xai", make: xai },
  "ark's own": { sdk: "@ai-sdk/bytedance", make: bytedance }
} satisfies Partial<Record<ColumnId, Client>>
