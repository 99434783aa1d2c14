import { assert, describe, it } from "@effect/vitest"
import {
  ArkWire,
  CometApiWire,
  KlingWire,
  NewApiWire,
  type Observation,
  OpenAiWire,
  RunwayWire,
  SeeAnyWire,
  XAiWire
} from "@video-tasks/core"
import { Redacted, Result, type Schema } from "effect"
import { Carelessness, sloppy } from "./utils/sloppy.ts"

type Reader = typeof CometApiWire.toObservation

const url = "https://files.example.com/v.mp4?X-Signature=abc"

/** The documented bodies of each API, one for each state where it has them. */
const apis: Readonly<Record<string, { readonly read: Reader; readonly bodies: ReadonlyArray<Schema.Json> }>> = {
  ArkWire: {
    read: ArkWire.toObservation,
    bodies: [
      { id: "cgt-1" },
      { id: "cgt-1", model: "m", status: "running", created_at: 1743414619, updated_at: 1743414640, priority: 0 },
      {
        id: "cgt-1",
        model: "m",
        status: "succeeded",
        content: { video_url: url, last_frame_url: url },
        usage: { completion_tokens: 108900, total_tokens: 108900 },
        created_at: 1743414619,
        updated_at: 1743414673,
        seed: 10,
        resolution: "720p",
        ratio: "16:9",
        duration: 5,
        framespersecond: 24,
        draft: false
      },
      { id: "cgt-1", model: "m", status: "failed", error: { code: "InternalServiceError", message: "broken" } },
      { id: "cgt-1", model: "m", status: "expired", created_at: 1743414619, updated_at: 1743414640 }
    ]
  },
  CometApiWire: {
    read: CometApiWire.toObservation,
    bodies: [
      {
        id: "task_1",
        task_id: "task_1",
        object: "video",
        model: "m",
        status: "SUBMITTED",
        progress: 0,
        created_at: 1776681149
      },
      {
        id: "task_1",
        object: "video",
        model: "m",
        status: "IN_PROGRESS",
        progress: 45,
        created_at: 1776567610,
        completed_at: null
      },
      {
        id: "task_1",
        model: "m",
        object: "video",
        status: "SUCCESS",
        progress: 100,
        created_at: 1776567610,
        video_url: url,
        completed_at: 1776567745
      },
      {
        id: "task_1",
        object: "video",
        model: "m",
        status: "failed",
        progress: 100,
        error: { code: "bad", message: "refused" }
      },
      {
        code: "success",
        message: "",
        data: {
          task_id: "task_1",
          status: "IN_PROGRESS",
          progress: 30,
          submit_time: 1773366766,
          start_time: 0,
          finish_time: 0
        }
      },
      { task_id: "task_1", status: "completed", progress: 100, result: { video_url: url } },
      { id: "task_1", status: "succeeded", output: [url] }
    ]
  },
  OpenAiWire: {
    read: OpenAiWire.toObservation,
    bodies: [
      {
        id: "video_1",
        object: "video",
        model: "sora-2",
        status: "queued",
        progress: 0,
        created_at: 1712697600,
        completed_at: null,
        expires_at: null,
        prompt: "…",
        seconds: "4",
        size: "720x1280",
        remixed_from_video_id: null,
        error: null
      },
      {
        id: "video_1",
        object: "video",
        model: "sora-2",
        status: "failed",
        progress: 100,
        created_at: 1712697600,
        error: { code: "moderation_blocked", message: "refused" }
      },
      { id: "video_1", object: "video", status: "completed", progress: 100, seconds: "4", expires_at: 1712701300, url }
    ]
  },
  RunwayWire: {
    read: RunwayWire.toObservation,
    bodies: [
      { id: "r-1" },
      { id: "r-1", status: "PENDING", createdAt: "2026-05-01T12:47:47.351Z" },
      { id: "r-1", status: "RUNNING", createdAt: "2026-05-01T12:47:47.351Z", progress: 0.45 },
      {
        id: "r-1",
        status: "SUCCEEDED",
        createdAt: "2026-05-01T12:47:47.351Z",
        output: [url],
        cost: { credits: 25 }
      },
      {
        id: "r-1",
        status: "FAILED",
        createdAt: "2026-05-01T12:47:47.351Z",
        failure: "refused",
        failureCode: "SAFETY.INPUT.TEXT"
      },
      {
        code: "success",
        message: "",
        data: {
          task_id: "r-1",
          action: "IMAGE_TO_VIDEO",
          status: "IN_PROGRESS",
          fail_reason: "",
          submit_time: 1773366766,
          start_time: 0,
          finish_time: 0,
          progress: 45,
          data: { id: "r-1", status: "RUNNING", createdAt: "2026-03-13T09:52:46+08:00" }
        }
      }
    ]
  },
  SeeAnyWire: {
    read: SeeAnyWire.toObservation,
    bodies: [
      { id: "vid_1", object: "video_generation", status: "processing", progress: 45, estimated_remaining: 60 },
      {
        id: "vid_1",
        object: "video_generation",
        status: "completed",
        completed_at: 1780480000,
        video_url: url,
        duration: 5,
        resolution: "1080p",
        usage: { cost: 0.7, cost_unit: "CNY" }
      },
      {
        id: "vid_1",
        object: "video_generation",
        status: "failed",
        error: { code: "content_policy", message: "refused" }
      }
    ]
  },
  NewApiWire: {
    read: NewApiWire.toObservation,
    bodies: [
      { task_id: "task_1", status: "in_progress" },
      {
        task_id: "task_1",
        status: "completed",
        url,
        format: "mp4",
        metadata: { duration: 5, fps: 30, width: 1280, height: 720, seed: 20231234 }
      },
      { task_id: "task_1", status: "failed", error: { code: 400, message: "refused" } },
      {
        code: "success",
        message: "",
        data: {
          id: 7,
          task_id: "task_1",
          status: "SUCCESS",
          action: "generate",
          progress: 100,
          quota: 2500,
          result_url: url,
          submit_time: 1773366766,
          start_time: 1773366770,
          finish_time: 1773366800
        }
      },
      {
        code: "success",
        message: "",
        data: { task_id: "task_1", status: "FAILURE", progress: 100, fail_reason: "refused" }
      },
      {
        id: "task_1",
        object: "video",
        model: "m",
        status: "completed",
        progress: 100,
        created_at: 1773366766,
        completed_at: 1773366800,
        metadata: { url }
      }
    ]
  },
  KlingWire: {
    read: KlingWire.toObservation,
    bodies: [
      {
        code: 0,
        message: "success",
        data: {
          task_id: "2032273942220931072",
          task_status: "submitted",
          task_info: {},
          created_at: 1773366840306,
          updated_at: 1773366840306
        }
      },
      {
        code: 0,
        message: "SUCCEED",
        request_id: "r",
        data: {
          task_id: "2032273942220931072",
          task_status: "succeed",
          task_status_msg: "success",
          task_info: { external_task_id: "mine" },
          created_at: 1722769557708,
          updated_at: 1722769599999,
          task_result: { videos: [{ id: "759", url, duration: "5.1" }] },
          final_unit_deduction: "3.5"
        }
      },
      {
        code: 0,
        message: "SUCCEED",
        data: { task_id: "2032273942220931072", task_status: "failed", task_status_msg: "Image pixel is invalid" }
      },
      {
        id: "2032273942220931072",
        status: "succeeded",
        create_time: 1722769557708,
        update_time: 1722769599999,
        outputs: [{ type: "video", id: "759", url, duration: "5.1" }],
        billing: [{ charge_type: "unit", amount: "3.5" }]
      }
    ]
  },
  XAiWire: {
    read: XAiWire.toObservation,
    bodies: [
      { request_id: "req-1", status: "pending", progress: 30 },
      {
        request_id: "req-1",
        status: "done",
        video: { url, duration: 6.5, respect_moderation: true },
        model: "m",
        usage: { cost_in_usd_ticks: 500000000 },
        progress: 100
      },
      { status: "done", video: { url, respect_moderation: false }, usage: { cost_in_usd_ticks: 500000000 } },
      { status: "failed", video: { duration: 0 }, model: "", error: { code: "internal_error", message: "broken" } },
      {
        code: "success",
        message: "",
        data: {
          task_id: "req-1",
          action: "VIDEO_GENERATION",
          status: "SUCCESS",
          fail_reason: url,
          submit_time: 1773297002,
          start_time: 0,
          finish_time: 1773297014,
          progress: 100,
          data: {
            model: "m",
            usage: { cost_in_usd_ticks: 500000000 },
            video: { url, duration: 1, respect_moderation: true },
            status: "done"
          }
        }
      }
    ]
  }
}

/** What is compared: all but the body itself, and the provider's code as text, since it is kept as it came. */
const told = ({ failure, raw: _, videos, ...rest }: Observation.Observation) => ({
  ...rest,
  failure: failure === undefined ? undefined : { ...failure, providerCode: String(failure.providerCode) },
  videos: videos.map(({ thumbnailUrl, url, ...video }) => ({
    ...video,
    url: Redacted.value(url),
    thumbnailUrl: thumbnailUrl === undefined ? undefined : Redacted.value(thumbnailUrl)
  }))
})

describe.each(Object.entries(apis))("%s", (_, { bodies, read }) => {
  describe.each(bodies.map((body) => [JSON.stringify(body), body] as const))("%s", (_, body) => {
    const clean = told(Result.getOrThrow(read(body)))

    it.prop("says the same however carelessly it is written", [Carelessness], ([carelessness]) => {
      const careless = sloppy(body, carelessness)
      assert.deepStrictEqual(told(Result.getOrThrow(read(careless))), clean, JSON.stringify(careless))
    }, { arbitrary: { runs: 300 } })
  })
})
