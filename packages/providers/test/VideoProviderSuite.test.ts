import { assert, describe, it } from "@effect/vitest"
import { Observation, VideoProvider } from "@video-tasks/core"
import { CometApi, GenericApi, OpenAi, SeeAny, VideoProviderSuite } from "@video-tasks/providers"
import { Effect, Fiber, Redacted } from "effect"
import { HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"

const secret = "sk-conformance-0123456789abcdef"

const apiKey = Redacted.make(secret)

const run = (name: string, options: VideoProviderSuite.Options) =>
  describe(`VideoProviderSuite (${name})`, () => {
    for (const { effect, name } of VideoProviderSuite.cases(options)) it.effect(name, () => effect)
  })

const comet = {
  secret,
  remoteId: "task_abc123",
  answers: {
    created: { id: "task_abc123", task_id: "task_abc123", object: "video", status: "SUBMITTED", progress: 0 },
    running: { id: "task_abc123", object: "video", status: "IN_PROGRESS", progress: 45, completed_at: null },
    succeeded: {
      id: "task_abc123",
      status: "SUCCESS",
      progress: 100,
      video_url: "https://cdn.example.com/v.mp4?sign=1"
    },
    failed: { id: "task_abc123", status: "FAILED", progress: 100, error: { message: "refused", code: "policy" } },
    unknownTask: { status: 400, body: { code: "task_not_exist", message: "task_not_exist", data: null } }
  }
}

run("CometApi, seedance", {
  ...comet,
  make: CometApi.make({ apiKey }),
  request: CometApi.seedance({ model: "doubao-seedance-2-0-fast", prompt: "A paper airplane" })
})

run("CometApi, video", {
  ...comet,
  make: CometApi.make({ apiKey, baseUrl: "https://gateway.example.com/comet/" }),
  request: CometApi.video({ model: "your-video-model-id", prompt: "A paper airplane" })
})

const seeAny = {
  secret,
  remoteId: "vid_20260603_001",
  answers: {
    created: { id: "vid_20260603_001", object: "video_generation", status: "processing" },
    running: { id: "vid_20260603_001", status: "processing", progress: 65, estimated_remaining: 42 },
    succeeded: { id: "vid_20260603_001", status: "completed", video_url: "https://cdn.example.com/v.mp4" },
    failed: { id: "vid_20260603_001", status: "failed", error: { code: "content_policy_violation", message: "no" } },
    unknownTask: { status: 404, body: { error: { code: "not_found", message: "no such task" } } }
  }
}

run("SeeAny", { ...seeAny, make: SeeAny.make({ apiKey }) })

run("SeeAny with a create path", {
  ...seeAny,
  make: SeeAny.make({ apiKey, createPath: "/v1/videos/generate" }),
  request: SeeAny.video({ model: "any", prompt: "A paper airplane" })
})

const row = { id: 7, task_id: "task_9f", action: "generate", fail_reason: "" }

run("GenericApi", {
  make: GenericApi.make({ apiKey, baseUrl: "https://gateway.example.com" }),
  secret,
  request: GenericApi.video({ model: "kling-v1", prompt: "A paper airplane", seconds: 5 }),
  remoteId: "task_9f",
  answers: {
    created: { id: "task_9f", task_id: "task_9f", object: "video", status: "queued", progress: 0 },
    running: { code: "success", message: "", data: { ...row, status: "IN_PROGRESS", progress: "30%" } },
    succeeded: {
      code: "success",
      message: "",
      data: { ...row, status: "SUCCESS", progress: "100%", result_url: "https://cdn.example.com/v.mp4" }
    },
    failed: { code: "success", message: "", data: { ...row, status: "FAILURE", fail_reason: "no", progress: "100%" } },
    unknownTask: { status: 404, body: { error: { message: "no such task", type: "x", param: null, code: null } } }
  }
})

describe("VideoProviderSuite", () => {
  const failures = (make: VideoProviderSuite.Options["make"], client?: VideoProviderSuite.Options["client"]) =>
    Effect.forEach(
      VideoProviderSuite.cases({
        ...comet,
        make,
        client,
        request: CometApi.seedance({ model: "doubao-seedance-2-0", prompt: "A paper airplane" })
      }),
      ({ effect, name }) => Effect.match(effect, { onFailure: () => [name], onSuccess: () => [] })
    ).pipe(Effect.map((names) => names.flat()))

  it.effect("fails a provider that never asks its API", () =>
    Effect.gen(function*() {
      const failed = yield* failures(Effect.succeed(VideoProvider.double()))
      assert.include(failed, "creates with one request, and hands over a handle that finds the task again")
      assert.include(failed, "a create is sent once when HTTP 500, and is SubmissionAmbiguous")
      assert.include(failed, "gives a read up in the moment of its interruption")
    }))

  it.effect("fails a provider that hands out its key, and names only that", () =>
    Effect.gen(function*() {
      const leaky = Effect.map(CometApi.make({ apiKey }), (provider) => ({
        ...provider,
        credentials: () => ({ authorization: apiKey })
      }))
      assert.deepStrictEqual(yield* failures(leaky), ["gives its key to no other origin"])
    }))

  it.effect("fails a provider that repeats a create", () =>
    Effect.gen(function*() {
      const eager = Effect.map(CometApi.make({ apiKey }), (provider) => ({
        ...provider,
        create: (...args: Parameters<typeof provider.create>) =>
          Effect.catch(provider.create(...args), () => provider.create(...args))
      }))
      const failed = yield* failures(eager)
      assert.include(failed, "a create is sent once when HTTP 500, and is SubmissionAmbiguous")
      assert.notInclude(failed, "a read is ProviderUnavailable, with the handle, when HTTP 500")
    }))

  it.effect("passes with a client that changes what it sends, not how often", () =>
    Effect.gen(function*() {
      const labelled = HttpClient.mapRequest(HttpClientRequest.setHeader("x-team", "video"))
      assert.deepStrictEqual(yield* failures(CometApi.make({ apiKey }), labelled), [])
    }))

  it.effect("fails a client that sends a create again by itself", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        failures(CometApi.make({ apiKey }), HttpClient.retryTransient({ times: 2 }))
      )
      // Such a client waits where the API asks it to.
      yield* TestClock.adjust("1 minute")
      const failed = yield* Fiber.join(fiber)
      assert.include(failed, "a create is sent once when HTTP 503, and is SubmissionAmbiguous")
      assert.notInclude(failed, "a create is sent once when HTTP 400, and is InvalidRequest")
    }))

  it.effect("fails a provider that does less than its families say, or more", () =>
    Effect.gen(function*() {
      const saying = (family: Partial<VideoProvider.Family>) =>
        failures(Effect.map(CometApi.make({ apiKey }), (provider) => ({
          ...provider,
          families: provider.families.map((one) => ({ ...one, ...family }))
        })))
      const names = yield* Effect.forEach(
        [{ canList: true }, { batchSize: 10 }, { canRemove: true }, { canFindCreated: true }, { canRemove: false }],
        saying
      )
      const agrees = (what: string) => `${what} where its family says so, and is Unsupported elsewhere`
      assert.deepStrictEqual(names, [
        [agrees("lists tasks")],
        [agrees("reads many tasks at once")],
        [agrees("removes tasks"), "sends no DELETE to remove a task that runs"],
        [agrees("finds a create whose answer was lost")],
        [agrees("removes tasks")]
      ])
    }))

  const openAi = {
    secret,
    remoteId: "video_1",
    answers: {
      created: { id: "video_1", object: "video", status: "queued" },
      running: { id: "video_1", object: "video", status: "in_progress" },
      succeeded: { id: "video_1", status: "completed", video_url: "https://cdn.example.com/v.mp4" },
      failed: { id: "video_1", status: "failed", error: { code: "c", message: "no" } },
      unknownTask: { status: 404, body: { error: { message: "none", type: "x", param: null, code: null } } },
      page: { object: "list", data: [{ id: "video_2", status: "queued" }, { id: "video_1", status: "completed" }] }
    }
  }

  it.effect("fails a provider that hands over tasks that nobody asked for, or sends DELETE without a look", () =>
    Effect.gen(function*() {
      const changing = (
        change: (provider: VideoProvider.VideoProvider) => Partial<VideoProvider.VideoProvider>,
        family: Partial<VideoProvider.Family> = {}
      ) =>
        Effect.forEach(
          VideoProviderSuite.cases({
            ...openAi,
            make: Effect.map(OpenAi.make({ apiKey }), (provider) => ({
              ...provider,
              families: provider.families.map((one) => ({ ...one, ...family })),
              ...change(provider)
            })),
            request: OpenAi.video({ model: "sora-2", prompt: "A paper airplane" })
          }),
          ({ effect, name }) => Effect.match(effect, { onFailure: () => [name], onSuccess: () => [] })
        ).pipe(Effect.map((names) => names.flat()))
      const generous = yield* changing((provider) => ({
        observeMany: (handles) =>
          Effect.map(
            provider.observeMany(handles),
            (found) =>
              new Map(
                handles.map((handle) => [handle, [...found.values()][0] ?? new Observation.Observation({ videos: [] })])
              )
          )
      }))
      const eager = yield* changing(
        (provider) => ({ cancel: (handle) => Effect.as(provider.remove(handle), "confirmed") }),
        { canCancel: true }
      )
      assert.deepStrictEqual([yield* changing(() => ({})), generous, eager], [
        [],
        ["reads many tasks at once and hands over those that were asked for, no others"],
        ["sends no DELETE to cancel a task that has ended"]
      ])
    }))
})
