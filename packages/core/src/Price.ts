/**
 * What a video costs, before it is made: reading a price, and the estimate that follows from it.
 *
 * Unknown stays unknown: it is never taken for zero, and prices in several currencies are never added.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Json from "./internal/wireJson.ts"
import type { ModelPrice, ModelSpec } from "./ModelSpec.ts"
import { Cost } from "./Video.ts"
import type { CatalogueModel, VideoProvider } from "./VideoProvider.ts"
import type { VideoRequest } from "./VideoRequest.ts"

/**
 * The price of a model: an amount in a currency, for each second or for each video.
 *
 * @category models
 * @since 0.1.0
 */
export type Price = ModelPrice

/**
 * What a request will cost, or why nobody can say.
 *
 * @category models
 * @since 0.1.0
 */
export type Estimate =
  | {
    readonly _tag: "known"
    readonly cost: Cost
    readonly price: Price
    /** The length that was counted, when the price is one for each second. */
    readonly seconds?: number | undefined
    /** How many videos were counted, when there are several. */
    readonly videos?: number | undefined
  }
  | {
    readonly _tag: "unknown"
    /** Why, in words that continue "the price is unknown: ". */
    readonly reason: string
    /** The catalogue could not be read: the price may be known later. */
    readonly isUnread?: true | undefined
  }

/**
 * An estimate that says why there is none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unknown = (reason: string): Estimate => ({ _tag: "unknown", reason })

/**
 * Finds the currency in what a catalogue says about its unit.
 *
 * **Example** (What CometAPI's catalogue says)
 *
 * ```ts import.meta.vitest
 * import { Price } from "@video-tasks/core"
 *
 * Price.currencyOf("USD / M Tokens") // => "USD"
 * Price.currencyOf("credits") // => undefined
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const currencyOf = (text: string): string | undefined => {
  const said = text.trim()
  if (/^[a-z]{3}$/i.test(said)) return renamed(said.toUpperCase())
  const code = /(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])/.exec(said)?.[0]
  if (code !== undefined) return renamed(code)
  const symbol = /[$€£]/.exec(said)?.[0]
  return symbol === undefined ? undefined : symbols[symbol]
}

/**
 * Reads the price of a model, or says why there is none.
 *
 * **Details**
 *
 * What the catalogue says comes first, for it is of today; then what the vendor documents (`ModelSpec.price`). A price of
 * zero is no price: catalogues write it where they have none.
 *
 * **Example** (A price for each second)
 *
 * ```ts import.meta.vitest
 * import { Price } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = Price.read({ id: "m", features: [], routes: [], currency: "USD / M Tokens", perSecond: 0.05 })
 * Result.getOrThrow(read) // => { per: "second", amount: 0.05, unit: "USD" }
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const read = (
  model: CatalogueModel | undefined,
  spec: ModelSpec | undefined = model?.spec
): Result.Result<Price, string> => {
  const listed = model === undefined ? Result.fail("the catalogue does not list it") : ofCatalogue(model)
  return Result.isFailure(listed) && spec?.price !== undefined ? Result.succeed(spec.price) : listed
}

/**
 * The length that is paid for, in seconds: what the request says, also in its further fields, else the model's default.
 *
 * **Details**
 *
 * A length that is said in words, as zero or as less (`auto`, `-1`), leaves it to the model: then nobody knows it before, and
 * it is `undefined`.
 *
 * @category getters
 * @since 0.1.0
 */
export const secondsOf = (request: VideoRequest, spec: ModelSpec | undefined): number | undefined => {
  const { duration, seconds } = request.options ?? {}
  const said = [request.seconds, seconds, duration].filter((one) => one !== undefined)
  if (said.length === 0) return positive(spec?.seconds?.default)
  const lengths = said.map((one) => positive(Json.number(one)))
  return lengths.every((length) => length !== undefined) ? Math.max(...lengths) : undefined
}

/**
 * How many videos a request asks for: its field `n`, else one; `undefined` when that is no whole number above zero.
 *
 * @category getters
 * @since 0.1.0
 */
export const countOf = ({ options = {} }: VideoRequest): number | undefined => {
  const { n } = options
  if (n === undefined) return 1
  const count = Json.number(n)
  return Number.isSafeInteger(count) ? positive(count) : undefined
}

/**
 * What a request will cost at a price; `undefined` when that depends on a length that nobody knows.
 *
 * **Example** (Five seconds)
 *
 * ```ts import.meta.vitest
 * import { Price } from "@video-tasks/core"
 *
 * const request = { provider: "p", family: "f", model: "m", prompt: "A fox", seconds: 5 }
 * Price.estimate(request, undefined, { per: "second", amount: 0.05, unit: "USD" })?.amount // => 0.25
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const estimate = (
  request: VideoRequest,
  spec: ModelSpec | undefined,
  price: Price,
  billedSeconds: BilledSeconds = (request) => secondsOf(request, spec)
): Cost | undefined => {
  const seconds = price.per === "second" ? billedSeconds(request) : 1
  const count = countOf(request)
  return seconds === undefined || count === undefined
    ? undefined
    : new Cost({ amount: rounded(price.amount * seconds * count), unit: price.unit, kind: "estimate" })
}

/**
 * The same as {@link estimate}, from an entry of a catalogue and with the reason where there is no cost.
 *
 * @category converting
 * @since 0.1.0
 */
export const explain = (
  request: VideoRequest,
  model: CatalogueModel | undefined,
  spec: ModelSpec | undefined = model?.spec,
  billedSeconds?: BilledSeconds
): Estimate => {
  const found = read(model, spec)
  if (Result.isFailure(found)) return unknown(found.failure)
  const { success: price } = found
  const cost = estimate(request, spec, price, billedSeconds)
  if (cost === undefined) return unknown(`it costs ${describe(price)}, and ${unsaid(request, spec)}`)
  const seconds = price.per === "second" ? (billedSeconds ?? secondsOf)(request, spec) : undefined
  const videos = countOf(request)
  return {
    _tag: "known",
    cost,
    price,
    ...(seconds === undefined ? {} : { seconds }),
    ...(videos === 1 ? {} : { videos })
  }
}

/**
 * A price in words: `0.05 USD a second`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const describe = ({ amount, per, unit }: Price): string =>
  `${amount} ${unit} a ${per === "second" ? "second" : "video"}`

/**
 * Finds a model in a catalogue, by its id or by its other spelling.
 *
 * @category getters
 * @since 0.1.0
 */
export const find = (catalogue: ReadonlyArray<CatalogueModel>, id: string): CatalogueModel | undefined =>
  catalogue.find((model) => model.id === id) ?? catalogue.find((model) => model.code === id)

/**
 * An amount without the noise of binary fractions: 0.1 + 0.2 is 0.3.
 *
 * @category converting
 * @since 0.1.0
 */
export const rounded = (amount: number): number => Number(amount.toPrecision(12))

// internal

type BilledSeconds = NonNullable<VideoProvider["billedSeconds"]>

/** Why there is no cost although there is a price. */
const unsaid = (request: VideoRequest, spec: ModelSpec | undefined): string => {
  if (countOf(request) === undefined) {
    return "how many videos are asked for is not known: n is no whole number above zero"
  }
  const { duration, seconds } = request.options ?? {}
  const isSaid = [request.seconds, seconds, duration].some((one) => one !== undefined)
  return isSaid || spec?.seconds !== undefined
    ? "how much of it this request pays for is not known before"
    : "the length of the video is not known: say the seconds"
}

const symbols: Readonly<Record<string, string>> = { $: "USD", "€": "EUR", "£": "GBP" }

/** The yuan goes by two names. */
const renamed = (code: string): string => code === "RMB" ? "CNY" : code

const ofCatalogue = (model: CatalogueModel): Result.Result<Price, string> => {
  const { currency, input, output, perRequest, perSecond } = model
  const [second, request] = [positive(perSecond), positive(perRequest)]
  if (second !== undefined && request !== undefined) {
    return Result.fail(
      "the catalogue has a price for each second and one for each video, and does not say which counts"
    )
  }
  const amount = second ?? request
  if (amount === undefined) {
    return Result.fail(
      positive(input) !== undefined || positive(output) !== undefined
        ? "it is charged by tokens, and how many a video takes is not known before"
        : "the catalogue has no price for it"
    )
  }
  const unit = currency === undefined ? undefined : currencyOf(currency)
  if (unit === undefined) return Result.fail("the catalogue names no currency")
  return Result.succeed({ per: second === undefined ? "request" : "second", amount, unit })
}

const positive = (amount: number | undefined): number | undefined =>
  amount !== undefined && amount > 0 ? amount : undefined
