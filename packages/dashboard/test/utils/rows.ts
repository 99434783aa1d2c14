/**
 * Rows and details that look like real ones, the same each time.
 */
import type { Detail, Moment, ProviderLine, Row, State, Status } from "../../src/Contract.ts"

const providers = [
  { provider: "cometapi", family: "v1-videos", models: ["doubao-seedance-2-0-fast", "sora-2", "veo3.1-fast"] },
  { provider: "seeany", family: "tasks", models: ["kling-v3", "wan-2.6"] },
  { provider: "runway", family: "runway", models: ["gen4_turbo", "gen4.5"] },
  { provider: "generic", family: "generations", models: ["kling-v2-6", "hailuo-02"] }
] as const

const prompts = [
  "A paper airplane glides over a wooden desk, morning light, shallow depth of field",
  "Slow dolly shot through a rainy neon alley, reflections on wet asphalt, 35 mm",
  "Macro of a bee landing on lavender, golden hour",
  "Drone flight over terraced rice fields at sunrise, thin fog between the steps",
  "A ceramic mug shatters in slow motion, studio light, black background",
  "Time lapse of a city skyline from dusk to night",
  "An old sailor mends a net on a pier, hand-held camera",
  "Product turntable: matte black headphones on a concrete plinth"
]

const failures = [
  "content_policy_violation: the prompt was refused",
  "image_too_small: at least 300 px",
  "generation_failed: internal error of the model"
]

/** The state of the n-th row, in shares like those of a busy day. */
const stateOf = (n: number): State => {
  const part = (n * 7919) % 1000
  if (n < 2) return "submitting"
  if (n === 9) return "ambiguous"
  if (n < 40) return n % 5 === 3 ? "SUBMITTED" : n % 13 === 12 ? "FAILED" : "IN_PROGRESS"
  if (part < 900) return "SUCCESS"
  if (part < 960) return "FAILED"
  if (part < 975) return "ERROR"
  if (part < 990) return "CANCELLED"
  return "EXPIRED"
}

const lastOf = (state: State, progress: number, isRetrying: boolean, n: number): string => {
  if (isRetrying) return "503: ProviderUnavailable, tried again in 8 s"
  switch (state) {
    case "submitting":
      return "the create is under way"
    case "SUBMITTED":
      return "waiting in the provider's queue"
    case "IN_PROGRESS":
      return `progress ${progress} %`
    case "SUCCESS":
      return "1 video"
    case "FAILED":
      return failures[n % failures.length]!
    case "ERROR":
      return "the provider no longer knows it"
    case "CANCELLED":
      return "cancelled on request"
    case "EXPIRED":
      return "the provider gave it up"
    case "ambiguous":
      return "the answer of the create was lost"
  }
}

/** An id like those of the library: the newest row has the largest. */
const idOf = (n: number): string =>
  `019aa2f0-${(0xffff - (n >> 8)).toString(16).padStart(4, "0")}-7${(n & 0xfff).toString(16).padStart(3, "0")}-8a5b-${
    ((n + 1) * 0x9e3779b1 % 0xffffffffffff).toString(16).padStart(12, "0")
  }`

/** The n-th row, 0 the newest, as of `now`. */
export const rowOf = (n: number, now: number): Row => {
  const { family, models, provider } = providers[(n * 31 + (n >> 3)) % providers.length]!
  const state = stateOf(n)
  const isRunning = state === "IN_PROGRESS" || state === "SUBMITTED"
  const isRetrying = isRunning && n % 11 === 8
  const progress = state === "IN_PROGRESS" ? (n * 37) % 96 : undefined
  const age = isRunning || state === "submitting" ? 3000 + n * 4700 : 180_000 + n * 9300
  const createdAt = now - age
  const took = 31_000 + (n * 7919) % 160_000
  const isMoney = provider !== "generic"
  const hasTask = state !== "submitting" && state !== "ambiguous"
  return {
    id: idOf(n),
    ...(hasTask ? { handle: `vt1_${idOf(n).replaceAll("-", "")}`, remoteId: `task_${(n * 48271).toString(36)}` } : {}),
    provider,
    family,
    model: models[(n * 13 + (n >> 2)) % models.length]!,
    prompt: prompts[(n * 5 + (n >> 4)) % prompts.length]!,
    state,
    isRetrying,
    followed: isRunning && n % 17 === 16 ? "elsewhere" : isRunning ? "here" : "nobody",
    progress,
    createdAt,
    updatedAt: isRunning ? now - 1000 - n % 9000 : createdAt + took,
    ...(isRunning || !hasTask ? {} : { completedAt: createdAt + took }),
    ...(isRunning ? { nextPollAt: now + 1000 + (n * 1300) % 14_000 } : {}),
    polls: hasTask ? 6 + n % 8 : undefined,
    failures: isRetrying ? 1 : 0,
    cost: isMoney
      ? { amount: 0.05 + (n % 12) * 0.03, unit: provider === "seeany" ? "CNY" : "USD" }
      : { amount: 40 + n % 60, unit: "quota" },
    isEstimate: state !== "SUCCESS",
    last: lastOf(state, progress ?? 0, isRetrying, n),
    lastAt: isRunning ? now - 1000 - (n * 700) % 9000 : createdAt + took
  }
}

/** The lines of the providers, as the rows are. */
export const linesOf = (rows: ReadonlyArray<Row>): ReadonlyArray<ProviderLine> =>
  providers.map(({ provider }) => {
    const own = rows.filter((row) => row.provider === provider)
    const isRunning = (row: Row) => row.state === "IN_PROGRESS" || row.state === "SUBMITTED"
    const ended = own.filter((row) => row.completedAt !== undefined)
    const took = ended.filter((row) => row.state === "SUCCESS")
      .map((row) => row.completedAt! - row.createdAt).sort((a, b) => a - b)
    return {
      provider,
      running: own.filter(isRunning).length,
      ended: ended.length,
      failed: ended.filter((row) => row.state !== "SUCCESS" && row.state !== "CANCELLED").length,
      p50Ms: took[took.length >> 1],
      p90Ms: took[Math.floor(took.length * 0.9)],
      retrying: own.filter((row) => row.isRetrying).length,
      isKeyRejected: provider === "generic"
    }
  }).filter((line) => line.running + line.ended > 0)

/** The status of a page that lacks nothing. */
export const status: Status = {
  version: "0.1.0",
  store: "SQLite tasks.db",
  isReadOnly: false,
  isDemo: false,
  maxTasks: 10_000,
  isTruncated: false
}

const momentsOf = (row: Row): ReadonlyArray<Moment> => {
  const start = row.createdAt
  const moments: Array<Moment> = [
    {
      at: start,
      kind: "step",
      type: "task.created",
      to: "SUBMITTED",
      text: "POST /v1/videos answered 200",
      tookMs: 412
    }
  ]
  if (row.state === "SUBMITTED") return moments
  moments.push(
    { at: start + 4100, kind: "poll", type: "unchanged", text: "queued, read again in 5 s", tookMs: 180 },
    {
      at: start + 9100,
      kind: "step",
      type: "task.observed",
      from: "SUBMITTED",
      to: "IN_PROGRESS",
      progress: 5,
      text: "the provider began",
      tookMs: 176
    },
    { at: start + 14_300, kind: "poll", type: "unchanged", text: "5 %, read again in 6 s", tookMs: 190 },
    { at: start + 19_900, kind: "poll", type: "unchanged", text: "5 %, read again in 6 s", tookMs: 201 },
    {
      at: start + 24_400,
      kind: "poll",
      type: "failed",
      text: "503: ProviderUnavailable, tried again in 4 s",
      tookMs: 95
    },
    {
      at: start + 28_600,
      kind: "step",
      type: "task.observed",
      from: "IN_PROGRESS",
      to: "IN_PROGRESS",
      progress: 38,
      text: "progress 38 %",
      tookMs: 188
    }
  )
  const end = row.completedAt
  if (end !== undefined) {
    moments.push({
      at: end,
      kind: "step",
      type: row.state === "ERROR" ? "task.lost" : "task.observed",
      from: "IN_PROGRESS",
      to: row.state,
      text: row.last,
      tookMs: 204
    })
  }
  return moments.filter(({ at }) => end === undefined || at <= end)
}

const errorOf = (row: Row): Detail["error"] => {
  if (row.state === "FAILED") {
    return {
      reason: "TaskFailed",
      message: row.last,
      isRetryable: false,
      advice: "The provider refused this prompt or image. Change what it complains about, then create a new task."
    }
  }
  if (row.state === "ERROR") {
    return {
      reason: "TaskErrored",
      message: row.last,
      isRetryable: true,
      advice: "A fault inside the provider. A new task with the same request may succeed, and is paid again."
    }
  }
  return undefined
}

/** All about a row. */
export const detailOf = (row: Row, now: number): Detail => {
  const isRunning = row.state === "IN_PROGRESS" || row.state === "SUBMITTED"
  const hasTask = row.handle !== undefined
  const end = row.completedAt ?? now
  const turn = Math.min(row.createdAt + 9100, end)
  return {
    row,
    moments: hasTask ? momentsOf(row) : [],
    spent: [
      { state: "SUBMITTED", ms: turn - row.createdAt },
      ...(row.state === "SUBMITTED" ? [] : [{ state: "IN_PROGRESS" as const, ms: end - turn }]),
      ...(isRunning || !hasTask ? [] : [{ state: row.state, ms: now - end }])
    ],
    ...(row.state === "IN_PROGRESS" ? { lastEdge: { from: "SUBMITTED", to: "IN_PROGRESS" } as const } : {}),
    ...(isRunning || !hasTask || row.state === "submitting" || row.state === "ambiguous"
      ? {}
      : { lastEdge: { from: "IN_PROGRESS", to: row.state } as const }),
    videos: row.state === "SUCCESS"
      ? [{
        src: `/api/tasks/${row.id}/videos/0`,
        from: "cdn.example.com",
        isArchived: false,
        width: 1280,
        height: 720,
        durationMs: 5000,
        expiresAt: now + 82_000_000
      }]
      : [],
    files: [],
    estimate: row.cost,
    ...(row.state === "SUCCESS" ? { bill: row.cost } : {}),
    ...(hasTask
      ? {
        answer: JSON.stringify(
          {
            id: row.remoteId,
            object: "video",
            status: row.state.toLowerCase(),
            progress: row.progress ?? 100,
            ...(row.state === "SUCCESS" ? { video_url: "https://cdn.example.com/v/out.mp4?[removed]" } : {})
          },
          null,
          2
        ),
        traceId: "4f1c0ad6b3e24c0fa9d1c2e97b60a8d1"
      }
      : {}),
    error: errorOf(row),
    request: {
      prompt: row.prompt,
      seconds: 5,
      resolution: "720p",
      images: 0,
      options: JSON.stringify({ seed: 7 }, null, 2)
    },
    can: {
      poll: isRunning ? true : "The task has ended: nothing changes any more.",
      cancel: isRunning
        ? row.provider === "cometapi" ? "This API has no way to cancel a task." : true
        : "The task has ended.",
      retry: isRunning ? "It still runs: wait for its end first." : true
    }
  }
}
