import { assert, describe, it } from "@effect/vitest"
import { TaskHandle, type VideoProvider, type VideoTaskError } from "@video-tasks/core"
import { Ark, CometApi, GenericApi, Kling, OpenAi, Runway, SeeAny, XAi } from "@video-tasks/providers"
import { Arbitrary, Cause, Effect, Exit, Formatter, Redacted, Schema } from "effect"
import * as util from "node:util"
import { apiKey, type Handler, secret, streamOf, stub } from "./utils/stub.ts"

const signature = "hush-hush-signature"

/** Everything that a person or a log could see of a value. */
const written = (value: unknown): string =>
  [
    JSON.stringify(value),
    String(value),
    util.inspect(value, { depth: 20, showHidden: true }),
    Formatter.format(value),
    value instanceof Error ? [value.message, value.stack, util.inspect(value.cause)].join() : ""
  ].join("\n")

const request = (api: VideoProvider.VideoProvider) => ({
  provider: api.id,
  family: api.families[0]?.id ?? "",
  model: "m",
  prompt: "A paper airplane"
})

const handle = (api: VideoProvider.VideoProvider) =>
  TaskHandle.TaskHandle.make({
    provider: api.id,
    family: "video",
    remoteId: "task_1",
    baseUrl: api.baseUrl,
    account: api.account
  })

const makers = [
  CometApi.make({ apiKey }),
  GenericApi.make({ apiKey, baseUrl: "https://gateway.example.com", paths: { content: "/v1/videos/{id}/content" } }),
  OpenAi.make({ apiKey }),
  SeeAny.make({ apiKey, createPath: "/v1/create" }),
  Kling.make({ accessKey: Redacted.make("ak-stub-0123456789"), secretKey: apiKey })
]

/** Does everything that a provider can do against one behaviour of its API, and shows all that comes out. */
const everything = (handler: Handler) =>
  Effect.gen(function*() {
    const shown: Array<string> = []
    for (const make of makers) {
      const { provide } = stub(handler)
      const api = yield* make.pipe(provide)
      const operations: ReadonlyArray<Effect.Effect<unknown, VideoTaskError.VideoTaskError>> = [
        api.create(request(api)),
        api.observe(handle(api)),
        api.content(handle(api)),
        api.models,
        api.cancel(handle(api))
      ]
      for (const operation of operations) {
        const exit = yield* Effect.exit(operation)
        if (Exit.isFailure(exit)) {
          assert.isFalse(Cause.hasDies(exit.cause), Cause.pretty(exit.cause))
          shown.push(Cause.pretty(exit.cause), ...exit.cause.reasons.map((reason) => written(reason)))
        } else shown.push(written(exit.value))
      }
      shown.push(written(api))
    }
    return shown.join("\n")
  })

const link = `https://cdn.example.com/v.mp4?X-Tos-Signature=${signature}`

const quoting = `Incorrect API key provided: ${secret}. Bearer ${secret}; see ${link}`

const handlers: ReadonlyArray<readonly [string, Handler]> = [
  ...[200, 301, 400, 401, 402, 403, 404, 408, 413, 429, 500, 503].flatMap((
    status
  ): ReadonlyArray<readonly [string, Handler]> => [
    [
      `${status} that quotes the key in an error`,
      () => Response.json({ error: { message: quoting, code: secret, type: secret } }, { status })
    ],
    [
      `${status} that quotes the key in a task error`,
      () => Response.json({ code: secret, message: quoting, data: null }, { status })
    ],
    [`${status} that quotes the key in text`, () => new Response(quoting, { status })],
    [
      `${status} that quotes the key in a page`,
      () => new Response(`<html>${quoting}`, { status, headers: { "content-type": "text/html" } })
    ],
    [
      `${status} that quotes the key in its head`,
      () =>
        new Response(null, {
          status,
          headers: { "x-request-id": secret, location: `https://x.example/?k=${secret}`, "retry-after": secret }
        })
    ]
  ]),
  [
    "a failed task that quotes the key",
    () => Response.json({ id: "task_1", status: "failed", error: { message: quoting, code: secret } })
  ],
  [
    "a task that quotes the key everywhere",
    () => Response.json({ id: "task_1", status: secret, model: secret, [secret]: [secret] })
  ],
  [
    "a finished task",
    () => Response.json({ id: "task_1", status: "completed", video_url: link, url: link, metadata: { url: link } })
  ],
  ["a file", () => new Response("x", { headers: { "content-type": "video/mp4" } })],
  ["a cut answer", () => new Response(streamOf([`{"key":"${secret}`], new Error(quoting)))],
  ["a broken gzip", () => new Response(secret, { headers: { "content-encoding": secret } })],
  ["a transport that quotes the key", () => ({ cause: new TypeError(quoting, { cause: new Error(quoting) }) })],
  [
    "a transport that fails with the request",
    () => ({ cause: { headers: { authorization: `Bearer ${secret}` }, message: quoting } })
  ],
  ["a transport that crashes", () => {
    throw new Error(quoting)
  }]
]

describe("secrets", () => {
  for (const [name, handler] of handlers) {
    it.effect(`stay secret with ${name}`, () =>
      Effect.map(everything(handler), (shown) => {
        assert.notInclude(shown, secret)
        assert.notInclude(shown, signature)
      }))
  }

  const bodies = Arbitrary.all([
    Arbitrary.schema(Schema.Json),
    Arbitrary.schema(Schema.Literals([200, 201, 202, 400, 401, 403, 404, 429, 500, 502, 503]))
  ])

  it.effect.prop(
    "stay secret, and nothing crashes, whatever JSON comes back with the key in it",
    [bodies],
    ([[body, status]]) =>
      Effect.gen(function*() {
        const text = JSON.stringify({ error: body, data: body, message: body, status: body, id: body })
        const shown = yield* everything(() => new Response(text.replaceAll(/":"/g, `":"${secret} `), { status }))
        assert.notInclude(shown, secret)
      }),
    { arbitrary: { runs: 100, seed: "secrets" }, timeout: 60_000 }
  )

  it.effect.prop(
    "stay secret, and nothing crashes, whatever bytes come back",
    [Arbitrary.schema(Schema.Uint8Array)],
    ([bytes]) =>
      Effect.gen(function*() {
        const body = new Uint8Array([...bytes, ...new TextEncoder().encode(secret)])
        for (const encoding of ["identity", "gzip", "deflate", "br"]) {
          const shown = yield* everything(() => new Response(body, { headers: { "content-encoding": encoding } }))
          assert.notInclude(shown, secret)
        }
      }),
    { arbitrary: { runs: 50, seed: "bytes" }, timeout: 60_000 }
  )

  const links = [
    `hook.example.com/?token=${signature}`,
    `hook.example.com?token=${signature}&a=b c`,
    `user:${signature}@hook.example.com/cb`,
    `${signature}@hook.example.com/cb`,
    `ftp://u:${signature}@h.example.com/cb?token=${signature}`,
    `s3://bucket/v.mp4?X-Amz-Signature=${signature}`,
    `HTTPS:\\\\u:${signature}@h.example.com\\cb#${signature}`,
    `file:///v.mp4?sig=${signature}`,
    `data:video/mp4;base64,${signature}`,
    `Bearer ${signature}`,
    `?token=${signature}`
  ]

  const fields = [
    "callback_url",
    "webhook_url",
    "video_url",
    "image_url",
    "video",
    "content",
    "image_roles",
    "imagePositions",
    "mode",
    "duration",
    "frames",
    "seed",
    "camera_control",
    "contentModeration",
    "reference_audios",
    "keyframes",
    "last_frame",
    "external_task_id",
    "remixed_from_video_id"
  ]

  it.effect.each(fields)("stay secret when options.%s is no link that is taken", (field) =>
    Effect.gen(function*() {
      const apis = [...makers, Ark.make({ apiKey }), Runway.make({ apiKey }), XAi.make({ apiKey })]
      for (const make of apis) {
        const { provide } = stub(() => Response.json({ error: "no" }, { status: 400 }))
        const api = yield* make.pipe(provide)
        for (const { id, models } of api.families) {
          for (const link of links) {
            for (const value of [link, { url: link }, [link], [{ url: link }], { [field]: { token: signature } }]) {
              for (const mode of [undefined, "edit-video"]) {
                const options = { ...(mode === undefined ? {} : { mode }), [field]: value }
                const exit = yield* Effect.exit(
                  api.create({ ...request(api), family: id, model: models[0]?.id ?? "m", options })
                )
                assert.isTrue(Exit.isFailure(exit))
                assert.notInclude(written(Exit.isFailure(exit) ? exit.cause.reasons : []), signature, `${id} ${link}`)
              }
            }
          }
        }
      }
    }))

  it.effect("leave host and path of a link, so that one sees which it was", () =>
    Effect.gen(function*() {
      const { provide } = stub(() => Response.json({}))
      const api = yield* Kling.make({ apiKey }).pipe(provide)
      const shown = [...links.slice(0, 2), ...links.slice(4, 7)].map((link) =>
        api.validate({ ...request(api), options: { callback_url: link } }).map(({ value }) => value)
      )
      assert.deepStrictEqual(shown, [
        ["hook.example.com/"],
        ["hook.example.com"],
        ["ftp://h.example.com/cb"],
        ["s3://bucket/v.mp4"],
        ["HTTPS:\\\\h.example.com\\cb"]
      ])
    }))
})
