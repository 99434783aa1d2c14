import { assert, describe, it } from "@effect/vitest"
import { type VideoProvider, type VideoRequest, VideoTaskError } from "@video-tasks/core"
import { Ark, CometApi, GenericApi, Kling, OpenAi, Runway, SeeAny, XAi } from "@video-tasks/providers"
import { Effect, Result } from "effect"
import type { HttpClientRequest } from "effect/http"
import { apiKey, type Handler, stub } from "./utils/stub.ts"

const all = {
  ark: Ark.make({ apiKey }),
  cometapi: CometApi.make({ apiKey }),
  generic: GenericApi.make({ apiKey, baseUrl: "https://gateway.example" }),
  kling: Kling.make({ apiKey }),
  openai: OpenAi.make({ apiKey }),
  runway: Runway.make({ apiKey }),
  seeany: SeeAny.make({ apiKey }),
  xai: XAi.make({ apiKey })
}

const api = (name: keyof typeof all, handler: Handler = () => Response.json({})) => {
  const { provide, requests } = stub(handler)
  return Effect.map(provide(all[name]), (provider) => ({ provider, requests }))
}

const jsonOf = ({ body }: HttpClientRequest.HttpClientRequest): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(body._tag === "Uint8Array" ? body.body : undefined))

const callbackUrl = new URL("https://me.example/hooks/kling/secret?a=b")

const requests = {
  kling: Kling.video({ model: "kling-v2-6", prompt: "A fox" }),
  "kling at cometapi": Kling.video({ model: "kling-v2-6", prompt: "A fox", provider: "cometapi" }),
  ark: Ark.video({ model: "doubao-seedance-1-5-pro-251215", prompt: "A fox" }),
  "ark at cometapi": Ark.video({ model: "doubao-seedance-1-5-pro-251215", prompt: "A fox", provider: "cometapi" }),
  seedance: CometApi.seedance({ model: "doubao-seedance-2-0", prompt: "A fox" }),
  xai: XAi.video({ model: "grok-imagine-video", prompt: "A fox" }),
  generic: { provider: "generic", family: "video", model: "m", prompt: "A fox" }
} satisfies Record<string, VideoRequest.VideoRequest>

/** `provider/family`: what it says of callbacks, and whether a create takes a URL. */
const declared: Readonly<Record<string, readonly [VideoProvider.Family["callbacks"], boolean]>> = {
  "ark/ark": ["unsigned", true],
  "cometapi/video": ["unsigned", false],
  "cometapi/seedance": ["unsigned", false],
  "cometapi/sora": ["unsigned", false],
  "cometapi/runway": ["unsigned", false],
  "cometapi/kling": ["unsigned", true],
  "cometapi/xai": [undefined, false],
  "cometapi/ark": ["unsigned", true],
  "generic/video": [undefined, false],
  "kling/kling": ["signed", true],
  "openai/sora": [undefined, false],
  "runway/runway": [undefined, false],
  "seeany/video": ["unsigned", false],
  "xai/xai": [undefined, false]
}

describe("callbacks", () => {
  it.effect("are what each API documents", () =>
    Effect.gen(function*() {
      const found = yield* Effect.forEach(Object.keys(all) as Array<keyof typeof all>, (name) =>
        Effect.map(api(name), ({ provider }) =>
          provider.families.map(({ callbacks, id, takesCallbackUrl = false }) =>
            [`${provider.id}/${id}`, [callbacks, takesCallbackUrl]] as const
          )))
      assert.deepStrictEqual(Object.fromEntries(found.flat()), declared)
    }))

  describe("a create", () => {
    const accepted = { code: 0, data: { task_id: "1", task_status: "submitted" }, id: "cgt-1" }

    for (const name of ["kling", "kling at cometapi", "ark", "ark at cometapi"] as const) {
      it.effect(`names the URL: ${name}`, () =>
        Effect.gen(function*() {
          const request: VideoRequest.VideoRequest = requests[name]
          const { provider, requests: sent } = yield* api(
            request.provider as keyof typeof all,
            () => Response.json(name.startsWith("ark") ? { id: "cgt-1" } : accepted)
          )
          yield* provider.create(request, { callbackUrl })
          yield* provider.create(request)
          assert.deepStrictEqual(sent.map((one) => jsonOf(one)["callback_url"]), [callbackUrl.href, undefined])
        }))
    }

    const refusal = (request: VideoRequest.VideoRequest, options: VideoProvider.CreateOptions) =>
      Effect.gen(function*() {
        const { provider, requests: sent } = yield* api(request.provider as keyof typeof all)
        const { reason } = yield* Effect.flip(provider.create(request, options))
        assert.deepStrictEqual(sent, [])
        return reason._tag === "InvalidRequest" ? reason.violations : reason
      })

    for (const [name, title] of [["seedance", "Seedance"], ["xai", "xAI"], ["generic", "Video"]] as const) {
      it.effect(`is refused where the API takes none: ${name}`, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* refusal(requests[name], { callbackUrl }), [
            new VideoTaskError.Violation({
              field: "callbackUrl",
              value: "https://me.example",
              allowed: `none: ${title} takes no callback URL`
            })
          ])
        }))
    }

    it.effect("takes one URL, not two", () =>
      Effect.gen(function*() {
        const request = Kling.video({ model: "kling-v2-6", prompt: "A fox", callbackUrl })
        assert.deepStrictEqual(yield* refusal(request, { callbackUrl }), [
          new VideoTaskError.Violation({
            field: "callbackUrl",
            value: "https://me.example",
            allowed: "one URL: the request has a callback_url of its own"
          })
        ])
      }))

    it.effect("is checked as the option of that name is", () =>
      Effect.gen(function*() {
        const violations = yield* refusal(requests.kling, { callbackUrl: new URL("ftp://me.example") })
        assert.deepStrictEqual(
          (violations as ReadonlyArray<VideoTaskError.Violation>).map(({ field }) => field),
          ["options.callback_url"]
        )
      }))
  })

  describe("readCallback", () => {
    const bodies: ReadonlyArray<readonly [keyof typeof all, string, unknown, readonly [string, string, number]]> = [
      [
        "kling",
        "kling",
        { task_id: "1", task_status: "succeed", task_result: { videos: [{ url: "https://cdn.example/v.mp4" }] } },
        ["1", "SUCCESS", 1]
      ],
      [
        "kling",
        "kling",
        { id: "1", status: "succeeded", outputs: [{ type: "video", url: "https://cdn.example/v.mp4" }] },
        ["1", "SUCCESS", 1]
      ],
      ["cometapi", "kling", { task_id: "1", task_status: "failed", task_status_msg: "no" }, ["1", "FAILED", 0]],
      ["ark", "ark", { id: "cgt-1", status: "running" }, ["cgt-1", "IN_PROGRESS", 0]],
      [
        "cometapi",
        "seedance",
        { task_id: "t1", status: "completed", progress: 100, result: { video_url: "https://cdn.example/v.mp4" } },
        ["t1", "SUCCESS", 1]
      ],
      [
        "cometapi",
        "runway",
        { task_id: "r1", status: "3", video_url: "https://cdn.example/v.mp4", msg: null, create_time: "1728622596" },
        ["r1", "SUCCESS", 1]
      ]
    ]
    it.effect.each(bodies)("reads what %s says of %s", ([name, family, body, expected]) =>
      Effect.gen(function*() {
        const { provider } = yield* api(name)
        const { remoteId = "", status = "", videos } = Result.getOrThrow(provider.readCallback!(family, body))
        assert.deepStrictEqual([remoteId, status, videos.length] as const, expected)
      }))

    it.effect("says of anything else that it is no task", () =>
      Effect.gen(function*() {
        const { provider } = yield* api("kling")
        for (const body of [null, [], "x", {}, { test: 1 }]) {
          assert.isTrue(Result.isFailure(provider.readCallback!("kling", body)), JSON.stringify(body))
        }
      }))
  })
})
