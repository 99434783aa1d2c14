import { assert, describe, it } from "@effect/vitest"
import type { VideoRequest } from "@video-tasks/core"
import { Ark, CometApi, GenericApi, Kling, OpenAi, Runway, XAi } from "@video-tasks/providers"
import { Effect } from "effect"
import { apiKey, stub } from "./utils/stub.ts"

const prompt = "A paper airplane"

const image = new URL("https://example.com/first.jpg")

const video = new URL("https://example.com/v.mp4")

const makers = {
  ark: Ark.make({ apiKey }),
  cometapi: CometApi.make({ apiKey }),
  generic: GenericApi.make({ apiKey, baseUrl: "https://gateway.example.com" }),
  kling: Kling.make({ apiKey }),
  openai: OpenAi.make({ apiKey }),
  runway: Runway.make({ apiKey }),
  xai: XAi.make({ apiKey })
}

const seedance = { model: "doubao-seedance-1-5-pro-251215", prompt }

const gen4 = { model: "gen4.5", prompt, image }

const grok = { model: "grok-imagine-video", prompt }

const part = { type: "text", text: "slowly --dur 9" }

describe("billedSeconds", () => {
  it.effect.each<[string, VideoRequest.VideoRequest, number | undefined]>([
    ["the model's default", Ark.video(seedance), 5],
    ["what is asked for", Ark.video({ ...seedance, seconds: 8 }), 8],
    ["nothing known: the model chooses", Ark.video({ ...seedance, seconds: "auto" }), undefined],
    ["nothing known: frames", Ark.video({ ...seedance, frames: 289 }), undefined],
    ["nothing known: the length of a draft", Ark.video({ ...seedance, draftTask: "cgt-1" }), undefined],
    ["what the prompt says", Ark.video({ ...seedance, prompt: `${prompt} --ratio 16:9 --duration 12` }), 12],
    ["what a part of the text says", Ark.video({ ...seedance, options: { content: [part] } }), 9],
    ["nothing known: it is said twice", Ark.video({ ...seedance, prompt: "x --dur 12", seconds: 5 }), undefined],
    ["nothing known: two commands", Ark.video({ ...seedance, prompt: "x --dur 12 --duration 5" }), undefined],
    ["nothing known: -1 in the prompt", Ark.video({ ...seedance, prompt: "x --dur -1" }), undefined],
    ["nothing known: frames in the prompt", Ark.video({ ...seedance, prompt: "x --frames 289" }), undefined],
    ["nothing known: a command without a number", Ark.video({ ...seedance, prompt: "x --duration" }), undefined],
    ["the default: other commands say no length", Ark.video({ ...seedance, prompt: "x --durable --seed 12" }), 5],
    ["the same at CometAPI", Ark.video({ ...seedance, provider: "cometapi", prompt: "x --duration 12" }), 12],
    ["nothing known: frames at CometAPI", Ark.video({ ...seedance, provider: "cometapi", frames: 9 }), undefined],
    [
      "nothing known: frames of Seedance at CometAPI",
      CometApi.seedance({ model: "doubao-seedance-2-0", prompt, options: { frames: 289 } }),
      undefined
    ],
    ["four seconds", OpenAi.video({ model: "sora-2", prompt }), 4],
    ["nothing known: a remix", OpenAi.remix({ video: "video_1", prompt }), undefined],
    ["nothing known: a remix at CometAPI", OpenAi.remix({ video: "v", prompt, provider: "cometapi" }), undefined],
    ["the default of gen4", Runway.video(gen4), 5],
    ["nothing known: auto", Runway.video({ ...gen4, seconds: "auto" }), undefined],
    ["nothing known: auto of Seedance", Runway.video({ ...gen4, model: "seedance2", seconds: "auto" }), undefined],
    ["nothing known: Seedance", Runway.video({ ...gen4, model: "seedance2" }), undefined],
    ["the length of an mp4", Runway.video({ ...gen4, outputFormat: "mp4" }), 5],
    ["nothing known: what ProRes costs", Runway.video({ ...gen4, outputFormat: "prores" }), undefined],
    ["eight seconds", XAi.video(grok), 8],
    ["one second at CometAPI", XAi.video({ ...grok, provider: "cometapi" }), 1],
    ["nothing known: an edited video", XAi.edit({ ...grok, video }), undefined],
    ["nothing known: an extended video", XAi.extend({ ...grok, video, seconds: 6 }), undefined],
    ["the default of Kling", Kling.video({ model: "kling-v2-6", prompt }), 5],
    ["a length in text", GenericApi.video({ model: "m", prompt, options: { seconds: "8" } }), 8],
    ["nothing known: a model without a default", GenericApi.video({ model: "m", prompt }), undefined]
  ])("is %s", ([, request, seconds]) =>
    Effect.gen(function*() {
      const id = Object.keys(makers).find((one): one is keyof typeof makers => one === request.provider)
      const { provide, requests } = stub(() => Response.json({}))
      const api = yield* makers[id ?? "generic"].pipe(provide)
      assert.deepStrictEqual([api.billedSeconds?.(request), requests.length], [seconds, 0])
    }))
})
