/**
 * Reading CometAPI's catalogue of models: `GET /api/models`.
 *
 * @since 0.1.0
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as ErrorBody from "./ErrorBody.ts"
import * as Field from "./internal/wireFields.ts"
import * as Json from "./internal/wireJson.ts"
import type { CatalogueModel } from "./VideoProvider.ts"
import { WireProblem } from "./WireProblem.ts"

/**
 * A model as the catalogue lists it. Every field may be missing; one of the wrong type is read as missing.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Model = Schema.Struct({
  /** What a request names. */
  id: Field.Text,
  /** The same in another spelling, for some models. */
  code: Field.Text,
  name: Field.Label,
  provider: Field.Label,
  provider_code: Field.Label,
  /** For example `video`. */
  model_type: Field.Label,
  /** `true` when it is announced and not served yet. */
  upcoming: Field.Flag,
  /** Unix seconds. */
  created: Field.Time,
  features: Field.Texts,
  /** JSON inside a string, `{"seedance":{"path":"/v1/videos","method":"POST"}}`; also met as an object or a list. */
  endpoints: Field.Any,
  /** Each price is a number or null. */
  pricing: Field.object({
    currency: Field.Label,
    input: Field.Amount,
    output: Field.Amount,
    per_request: Field.Amount,
    per_second: Field.Amount
  })
})

/**
 * One page of the catalogue.
 *
 * @category models
 * @since 0.1.0
 */
export interface Page {
  readonly models: ReadonlyArray<CatalogueModel>
  /** The number of the page, from 1. */
  readonly page?: number
  /** How many models a page holds. */
  readonly pageSize?: number
  /** How many models there are on all pages. */
  readonly total?: number
}

/**
 * Reads one page of the catalogue. Entries without a name to ask for are left out.
 *
 * **Details**
 *
 * Fails with `WireProblem`: `refused` when the answer says `success: false`, `notATask` when it holds no list. Never
 * throws.
 *
 * @category converting
 * @since 0.1.0
 */
export const toPage = (body: unknown): Result.Result<Page, WireProblem> => {
  if (Array.isArray(body)) return Result.succeed({ models: modelsOf(body) })
  if (!Json.isObject(body)) return Result.fail(noCatalogue())
  if (Array.isArray(body["data"])) {
    return Result.succeed({
      models: modelsOf(body["data"]),
      ...Json.present({
        page: Json.amount(body["page"]),
        pageSize: Json.amount(body["page_size"]),
        total: Json.amount(body["total"])
      })
    })
  }
  const { code, message } = ErrorBody.read(body)
  if (Json.flag(body["success"]) !== false && !("error" in body)) return Result.fail(noCatalogue())
  const detail = message ?? "the provider said no and gave no reason"
  return Result.fail(new WireProblem({ kind: "refused", detail, ...Json.present({ code }) }))
}

/**
 * Reads the models of the catalogue; see {@link toPage} for what it fails with.
 *
 * **Example** (Endpoints are JSON in a string)
 *
 * ```ts import.meta.vitest
 * import { CometCatalogueWire } from "@video-tasks/core"
 * import { Result } from "effect"
 *
 * const read = CometCatalogueWire.toModels({
 *   success: true,
 *   data: [{ id: "m1", endpoints: "{\"seedance\":{\"path\":\"/v1/videos\",\"method\":\"POST\"}}" }]
 * })
 * Result.getOrThrow(read)[0]?.routes // => ["POST /v1/videos"]
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toModels = (body: unknown): Result.Result<ReadonlyArray<CatalogueModel>, WireProblem> =>
  Result.map(toPage(body), ({ models }) => models)

// internal

const noCatalogue = (): WireProblem =>
  new WireProblem({ kind: "notATask", detail: "the answer holds no list of models" })

const decode = Schema.decodeUnknownResult(Model)

const modelsOf = (entries: ReadonlyArray<unknown>): ReadonlyArray<CatalogueModel> =>
  entries.flatMap((entry) => {
    const decoded = decode(entry)
    const model = Result.isSuccess(decoded) ? decoded.success : {}
    const id = model.id ?? model.code
    return id === undefined ? [] : [toModel(id, model)]
  })

const toModel = (id: string, model: typeof Model.Type): CatalogueModel => ({
  id,
  features: model.features ?? [],
  routes: routesOf(model.endpoints),
  ...Json.present({
    code: model.code,
    name: model.name,
    vendor: model.provider ?? model.provider_code,
    vendorCode: model.provider_code,
    type: model.model_type,
    upcoming: model.upcoming === true ? true : undefined,
    createdAt: model.created,
    currency: model.pricing?.currency,
    input: model.pricing?.input,
    output: model.pricing?.output,
    perRequest: model.pricing?.per_request,
    perSecond: model.pricing?.per_second
  })
})

const routesOf = (endpoints: unknown): ReadonlyArray<string> => {
  const said = typeof endpoints === "string" ? Json.embedded(endpoints) : endpoints
  const listed = Array.isArray(said) ? said : Json.isObject(said) ? ("path" in said ? [said] : Object.values(said)) : []
  return [...new Set(listed.flatMap(routeOf))]
}

const routeOf = (endpoint: unknown): ReadonlyArray<string> => {
  const { method = "POST", path } = Json.isObject(endpoint) ? endpoint : { path: endpoint }
  const found = Json.label(path)
  return found?.startsWith("/") === true ? [`${(Json.label(method) ?? "POST").toUpperCase()} ${found}`] : []
}
