/**
 * The documented answers of each API.
 */
import {
  ArkWire,
  CometApiWire,
  KlingWire,
  NewApiWire,
  OpenAiWire,
  RunwayWire,
  SeeAnyWire,
  XAiWire
} from "@video-tasks/core"
import type { Schema } from "effect"
type Reader = typeof CometApiWire.toObservation

const url = "https://files.example.com/v.mp4?X-Signature=abc"

/** The documented bodies of each API, one for each state and each form where it has them. */
export const documented: Readonly<
  Record<string, { readonly read: Reader; readonly bodies: ReadonlyArray<Schema.Json> }>
> = {
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
      { id: "cgt-1", model: "m", status: "expired", created_at: 1743414619, updated_at: 1743414640 },
      { id: "cgt-1", model: "m", status: "queued", created_at: 1743414619, updated_at: 1743414619 },
      { id: "cgt-1", model: "m", status: "cancelled", created_at: 1743414619, updated_at: 1743414640, error: null },
      {
        id: "cgt-1",
        model: "m",
        status: "succeeded",
        content: [
          { type: "text", text: "…" },
          { type: "video_url", role: "reference_video", video_url: { url: "https://me.example/reference.mp4" } },
          { type: "video_url", video_url: { url } }
        ],
        usage: { total_tokens: 7 },
        updated_at: 1743414673
      }
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
      { id: "video_1", object: "video", status: "completed", progress: 100, seconds: "4", expires_at: 1712701300, url },
      { id: "video_1", object: "video", model: "sora-2", status: "in_progress", progress: 33, created_at: 1712697600 },
      {
        id: "video_1",
        object: "video",
        model: "sora-2",
        status: "completed",
        progress: 100,
        created_at: 1712697600,
        completed_at: 1712697700,
        expires_at: 1712701300,
        seconds: "8",
        size: "1792x1024",
        error: null
      },
      { id: "video_1", status: "completed", progress: 100, data: [{ url, duration: 4 }] },
      { id: "video_1", status: "failed", error: "refused" }
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
      },
      { id: "r-1", status: "THROTTLED", createdAt: "2026-05-01T12:47:47.351Z", estimatedCost: { credits: 25 } },
      { id: "r-1", status: "CANCELLED", createdAt: "2026-05-01T12:47:47.351Z", cost: { credits: 0 } },
      {
        task_id: "r-1",
        status: "3",
        prompt: "…",
        prompt_en: "…",
        video_url: url,
        poster: url,
        msg: null,
        point: "320",
        refund: "0",
        create_time: "1728622596",
        update_time: "1728622700"
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
      },
      { code: 0, msg: "ok", data: { status: "running", progress: 30, task_uuid: "wtask_1", assets: [] } },
      { code: 0, msg: "ok", data: { status: "partial_failed", task_uuid: "wtask_1", assets: [{ work_uuid: "w1" }] } },
      { code: 0, msg: "ok", data: { status: "failed", task_uuid: "wtask_1", error_message: "too dark" } }
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
      },
      { task_id: "task_1", status: "processing" },
      {
        id: "task_1",
        object: "video",
        model: "",
        status: "failed",
        progress: 100,
        created_at: 1722769557708,
        completed_at: 1722769599999,
        error: { message: "refused", code: "" }
      },
      { id: "task_1", object: "video", status: "failed", metadata: { url: "content is not allowed" } },
      { id: "task_1", object: "video", status: "in_progress", progress: 30, metadata: { url: "" } },
      { id: "task_1", status: "unknown", progress: 0, created_at: 1773366766 },
      {
        code: "success",
        message: "",
        data: {
          id: 7,
          task_id: "task_1",
          status: "SUCCESS",
          progress: "100%",
          fail_reason: "",
          start_time: 0,
          data: { code: 0, data: { task_status: "succeed", task_result: { videos: [{ url, duration: "5" }] } } }
        }
      },
      {
        code: "success",
        message: "",
        data: { error: null, format: "mp4", status: "succeeded", task_id: "task_1", url }
      },
      { code: 0, message: "", data: { task_id: "task_1", status: "failed", error: "refused" } }
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
      },
      {
        code: 0,
        message: "SUCCEED",
        request_id: "r",
        data: {
          task_id: "2032273942220931072",
          task_status: "processing",
          task_info: {},
          task_result: {},
          created_at: 1773366840306,
          updated_at: 1773366846306
        }
      },
      // A callback: the data of a query without its wrapper.
      {
        task_id: "2032273942220931072",
        task_status: "succeed",
        task_status_msg: "",
        created_at: 1722769557708,
        updated_at: 1722769599999,
        task_result: { videos: [{ id: "759", url, duration: "5.1" }] },
        final_balance_deduction: { quota: "0.42", list_price: "0.5" }
      },
      // A gateway's row.
      {
        code: "success",
        message: "",
        data: {
          id: 120,
          task_id: "task_abc",
          action: "textGenerate",
          status: "SUCCESS",
          submit_time: 1773366840,
          start_time: 0,
          finish_time: 1773366900,
          fail_reason: "",
          progress: "100%",
          data: {
            code: 0,
            data: {
              task_id: "2032273942220931072",
              task_status: "succeed",
              task_result: { videos: [{ url, duration: "5.1" }] },
              final_unit_deduction: "3.5"
            }
          }
        }
      },
      // The newer API answers a query about one task with a list.
      {
        code: 0,
        message: "SUCCEED",
        data: [{ id: "2032273942220931072", status: "processing", create_time: 1722769557708 }]
      }
    ]
  },
  XAiWire: {
    read: XAiWire.toObservation,
    bodies: [
      { request_id: "req-1", status: "pending", progress: 30 },
      { request_id: "req-1" },
      { request_id: "req-1", status: "expired", message: "The request has expired" },
      { status: "failed", model: "m", error: "Content moderated", usage: { total_tokens: 1200 } },
      { status: "done", video: { duration: 5, file_output: { public_url: url, public_url_expires_at: 1773300000 } } },
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

/** Entries of CometAPI's catalogue: the sample of the page, and what clients have met. */
export const models: ReadonlyArray<Schema.Json> = [
  {
    created: 1767529753,
    id: "your-video-model-id",
    code: "your-video-model-id",
    provider: "ExampleProvider",
    provider_code: "example",
    name: "Example video model",
    model_type: "video",
    features: ["text-to-video"],
    endpoints: "{\"seedance\":{\"path\":\"/v1/videos\",\"method\":\"POST\"}}",
    pricing: { currency: "USD / M Tokens", input: null, output: 4, per_request: null, per_second: 0.024 }
  },
  { id: "grok-4.5", code: "grok-4-5", features: null, upcoming: true, endpoints: { openai: { path: "/v1/chat" } } },
  { id: "m", upcoming: false, endpoints: ["/v1/videos"], pricing: { currency: "USD", ratio: 0.8 } }
]
