/**
 * The flags of `create` and `estimate`, and the request that they mean.
 */
import * as Redact from "@video-tasks/core/Redact"
import type { ImageInput, VideoRequest } from "@video-tasks/core/VideoRequest"
import * as VideoTaskError from "@video-tasks/core/VideoTaskError"
import * as ImageFile from "@video-tasks/node/ImageFile"
import * as CliError from "effect/cli/CliError"
import type * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Callback from "./callback.ts"
import { family, overwrite, provider } from "./flags.ts"

const option = Flag.String("option").pipe(
  Flag.withMetavar("<key=value>"),
  Flag.withDescription(
    "A further field of the request, sent as it is: a value that is JSON is sent as JSON. Can be repeated. The store keeps it with the task, without what is named like a secret (token, password, auth …); a secret in the path of a URL or under another name is not seen"
  ),
  Flag.mapEffect((text) => {
    const [, key, value] = /^([^=\s]+)=([\s\S]*)$/.exec(text) ?? []
    return key === undefined || value === undefined
      ? Effect.fail(
        new CliError.InvalidValue({
          option: "option",
          value: text,
          expected: "key=value, for example cfg_scale=0.5",
          kind: "flag"
        })
      )
      : Effect.succeed([key, jsonOrText(value)] as const)
  }),
  Flag.atLeast(0),
  Flag.withDefault([])
)

/** The most that may be spent. */
export interface MaxCost {
  readonly amount: number
  readonly unit?: string | undefined
}

/** The flag `--max-cost`. */
export const maxCost = (description: string): Flag.Flag<Option.Option<MaxCost>> =>
  Flag.String("max-cost").pipe(
    Flag.withMetavar("<amount [currency]>"),
    Flag.withDescription(description),
    Flag.mapEffect((text) => {
      const [, amount, unit] = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]\w*)?$/i.exec(text.trim()) ?? []
      return amount === undefined
        ? Effect.fail(
          new CliError.InvalidValue({
            option: "max-cost",
            value: text,
            expected: "an amount, with or without a currency, for example 0.5 or \"0.5 USD\"",
            kind: "flag"
          })
        )
        : Effect.succeed({ amount: Number(amount), ...(unit === undefined ? {} : { unit: unit.toUpperCase() }) })
    }),
    Flag.optional
  )

/** The flags that say what to make. */
export const requestFlags = {
  provider,
  model: Flag.String("model").pipe(
    Flag.withAlias("m"),
    Flag.withDescription("The provider's id of the model (see `video-tasks models`)")
  ),
  prompt: Flag.String("prompt").pipe(
    Flag.withDescription("What the video shows; some models make one from a picture alone"),
    Flag.withDefault("")
  ),
  family,
  seconds: Flag.Finite("seconds").pipe(Flag.withDescription("The length of the video"), Flag.optional),
  size: Flag.String("size").pipe(
    Flag.withDescription("Aspect ratio or pixels, as the API spells them: 16:9, 1280x720"),
    Flag.optional
  ),
  resolution: Flag.String("resolution").pipe(Flag.withDescription("For example 720p"), Flag.optional),
  image: Flag.String("image").pipe(
    Flag.withMetavar("<file|url>"),
    Flag.withDescription(
      "A picture that guides the video: JPEG, PNG or WebP, or a URL where the API takes one. Can be repeated"
    ),
    Flag.atLeast(0),
    Flag.withDefault([])
  ),
  option
}

const callbackUrl = Flag.String("callback-url").pipe(
  Flag.withMetavar("<url>"),
  Flag.withDescription("Where the provider tells of changes of the task, if its API takes that; polling goes on"),
  Flag.mapEffect((text) => {
    const url = Callback.parse(text)
    return url === undefined
      ? Effect.fail(
        new CliError.InvalidValue({
          option: "callback-url",
          value: Redact.url(text),
          expected: "an http(s) URL",
          kind: "flag"
        })
      )
      : Effect.succeed(url)
  }),
  Flag.optional
)

/** The flags of `create`. */
export const createFlags = {
  ...requestFlags,
  wait: Flag.Boolean("wait").pipe(Flag.withDescription("Follow the task to its end"), Flag.withDefault(false)),
  output: Flag.String("output").pipe(
    Flag.withAlias("o"),
    Flag.withMetavar("<file>"),
    Flag.withDescription("Wait, then save the video here"),
    Flag.optional
  ),
  overwrite,
  "max-cost": maxCost(
    "Send nothing that costs more, or whose price is unknown: 0.5 in the currency of the price, or \"0.5 EUR\""
  ),
  "callback-url": callbackUrl,
  resubmit: Flag.Boolean("resubmit").pipe(
    Flag.withDescription(
      "Send the create again after a server error. It may pay twice: no API here can tell a repetition"
    ),
    Flag.withDefault(false)
  ),
  force: Flag.Boolean("force").pipe(
    Flag.withDescription("Create with a retired model all the same"),
    Flag.withDefault(false)
  )
}

/** What to make, as the flags say it. */
export type RequestInput = Command.Command.Config.Infer<typeof requestFlags>

/** The values of the flags of `create`. */
export type CreateInput = Command.Command.Config.Infer<typeof createFlags>

/** Builds the request; pictures on disk are opened and looked at. */
export const toRequest = Effect.fnUntraced(function*(input: RequestInput) {
  const images = yield* Effect.forEach(input.image, (text) => openImage(text, input.provider))
  const { familyOf } = yield* Effect.promise(() => import("./family.ts"))
  const chosen = yield* familyOf(input.provider, input.model, Option.getOrUndefined(input.family))
  const request: VideoRequest = {
    provider: input.provider,
    family: chosen,
    model: input.model,
    prompt: input.prompt,
    seconds: Option.getOrUndefined(input.seconds),
    size: Option.getOrUndefined(input.size),
    resolution: Option.getOrUndefined(input.resolution),
    ...(images.length === 0 ? {} : { images }),
    ...(input.option.length === 0 ? {} : { options: Object.fromEntries(input.option) })
  }
  return request
})

// internal

/** A picture on disk, opened and looked at, or a link as it is. */
export const openImage = (text: string, providerId: string): Effect.Effect<ImageInput, VideoTaskError.VideoTaskError> =>
  /^https?:\/\//i.test(text) && URL.canParse(text)
    ? Effect.succeed(new URL(text))
    : Effect.mapError(
      ImageFile.open(text),
      (reason) => VideoTaskError.make({ provider: providerId, operation: "create", reason })
    )

const decodeJson = Schema.decodeUnknownResult(Schema.fromJsonString(Schema.Json))

/** A value as JSON when it parses, else as text. */
export const jsonOrText = (text: string): Schema.Json => Result.getOrElse(decodeJson(text), () => text)
