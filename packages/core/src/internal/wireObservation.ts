/**
 * From the parts of an answer to what it says: the rules that are the same for every API.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Observation } from "../Observation.ts"
import * as Redact from "../Redact.ts"
import * as StatusWord from "../StatusWord.ts"
import type { TaskStatus } from "../TaskStatus.ts"
import { type Cost, Failure } from "../Video.ts"
import { WireProblem } from "../WireProblem.ts"
import * as WireEnvelope from "./wireEnvelope.ts"
import * as WireError from "./wireError.ts"
import * as Json from "./wireJson.ts"
import * as WireVideos from "./wireVideos.ts"

/** What a wire module has read from the fields of its own API; `undefined` is what it did not find. */
interface Parts {
  /** The word for the state. */
  readonly word: string | undefined
  readonly progress?: number | undefined
  readonly estimatedRemainingMs?: number | undefined
  readonly model?: string | undefined
  readonly createdAt?: number | undefined
  readonly startedAt?: number | undefined
  readonly completedAt?: number | undefined
  readonly expiresAt?: number | undefined
  /** The cost, once the state is known. */
  readonly cost?: ((status: TaskStatus | undefined) => Cost | undefined) | undefined
}

/** How one API is read. @internal */
export interface Api<Task> extends WireEnvelope.Form {
  readonly task: Schema.ConstraintDecoder<Task>
  readonly vocabulary: StatusWord.Vocabulary
  /** The form may decide what a field means: a row that a gateway puts round the vendor's answer is wrapped. */
  readonly parts: (task: Task, form: { readonly isWrapped: boolean }) => Parts
  /** Whether the code of a failure says that a new attempt may work; `undefined` when it says nothing. */
  readonly isRetryable?: ((code: string | number | null | undefined) => boolean | undefined) | undefined
}

/** Makes the reader of an API. @internal */
export const reader = <Task>(api: Api<Task>): (body: unknown) => Result.Result<Observation, WireProblem> => {
  const decode = Schema.decodeUnknownResult(api.task)
  return (body) => {
    const opened = WireEnvelope.open(Json.unfolded(body), api)
    if (Result.isFailure(opened)) return Result.fail(opened.failure)
    return decode(opened.success.task).pipe(
      Result.mapError(({ message }) => new WireProblem({ kind: "notATask", detail: Redact.text(message) })),
      Result.map((task) =>
        assemble(body, opened.success, api, api.parts(task, { isWrapped: opened.success.wrapper !== undefined }))
      )
    )
  }
}

type Rules = Pick<Api<never>, "vocabulary" | "isRetryable" | "isUrlProof">

const assemble = (
  body: unknown,
  envelope: WireEnvelope.Envelope,
  api: Rules,
  { cost, word, ...own }: Parts
): Observation => {
  const { failure, reading, videos } = judge(word ?? wordOf(envelope.layers), envelope, api)
  return new Observation({
    ...reading,
    videos,
    ...Json.present({
      ...own,
      failure,
      cost: cost?.(reading.status),
      remoteId: envelope.remoteId,
      raw: Redact.excerpt(body)
    })
  })
}

interface Judgement {
  readonly reading: StatusWord.Reading
  readonly videos: Observation["videos"]
  readonly failure?: Failure | undefined
}

const judge = (
  word: string | undefined,
  { layers, remoteId, task, wrapper }: WireEnvelope.Envelope,
  { isRetryable, isUrlProof, vocabulary }: Rules
): Judgement => {
  if (word === undefined) {
    // Without a word, a link where only results stand is the only proof of success, and an id the only sign of a task.
    const { videos } = WireError.isError(task["error"]) ? nothing : WireVideos.findUnsaid(layers, isUrlProof)
    if (videos.length > 0) return { reading: { status: "SUCCESS" }, videos }
    return { reading: remoteId === undefined ? {} : { status: "IN_PROGRESS" }, videos }
  }
  const reading = StatusWord.read(word, vocabulary)
  switch (reading.status) {
    case "SUCCESS": {
      const { videos, withheld } = WireVideos.find(layers)
      return withheld ? { reading: { status: "FAILED" }, videos: [], failure: withheldByVendor } : { reading, videos }
    }
    case "FAILED":
    case "ERROR":
      return {
        reading,
        videos: [],
        failure: failureOf(wrapper === undefined ? layers : [...layers, wrapper], isRetryable)
      }
    default:
      return { reading, videos: [] }
  }
}

const nothing: WireVideos.Finish = { videos: [], withheld: false }

const withheldByVendor = new Failure({
  code: "moderation",
  message: "the job is done, and the vendor's moderation withholds the video"
})

/**
 * The outermost word counts, although a gateway's row may lag behind the vendor's answer inside it: the row is what the
 * gateway stands for.
 */
const wordOf = (layers: ReadonlyArray<Json.JsonObject>): string | undefined => {
  for (const layer of layers) {
    const word = Json.word(layer["status"]) ?? Json.word(layer["task_status"]) ?? Json.word(layer["state"])
    if (word !== undefined) return word
  }
  return undefined
}

const maxMessage = 500

const failureOf = (
  layers: ReadonlyArray<Json.JsonObject>,
  isRetryable: Rules["isRetryable"]
): Failure | undefined => {
  const { code, message, providerCode } = WireError.ofTask(layers)
  const reason = message ?? code
  if (reason === undefined) return undefined
  return new Failure({
    message: Json.shown(reason, maxMessage),
    ...Json.present({ code, providerCode, retryable: isRetryable?.(providerCode) })
  })
}
