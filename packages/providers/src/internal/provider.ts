/**
 * Makes a provider from what its module declares.
 */
import * as Price from "@video-tasks/core/Price"
import type { VideoProvider } from "@video-tasks/core/VideoProvider"
import type { VideoRequest } from "@video-tasks/core/VideoRequest"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import { type Api, familyOf } from "./api.ts"
import * as Catalogue from "./catalogue.ts"
import * as Configuration from "./configuration.ts"
import * as Create from "./create.ts"
import * as Credentials from "./credentials.ts"
import type { FamilyApi } from "./familyApi.ts"
import * as Http from "./http.ts"
import * as Reads from "./reads.ts"
import * as Removal from "./removal.ts"
import * as Validation from "./validation.ts"

/** What a provider module says about its API. */
export interface Declaration {
  /** The name of the module, for spans. */
  readonly name: string
  /** The id unless the options say otherwise. */
  readonly id: string
  readonly baseUrl?: string | undefined
  /** The paths that the options can change, by the name of their option. */
  readonly paths?: Configuration.Defaults["paths"] | undefined
  /** The first one is what a task or a model belongs to that nobody knows. */
  readonly families: ReadonlyArray<FamilyApi>
  /** The list of models; absent when the API documents none. */
  readonly catalogue?: Catalogue.Catalogue | undefined
}

/** Makes the provider on top of the current `HttpClient`. */
export const make = Effect.fnUntraced(function*(
  declaration: Declaration,
  options: Configuration.Options
): Effect.fn.Return<VideoProvider, VideoTaskError, HttpClient.HttpClient> {
  const configuration = yield* Configuration.check(options, { ...declaration, paths: declaration.paths ?? {} })
  const { families, name } = declaration
  const api: Api = { name, families, configuration, send: yield* Http.make(configuration) }
  const { account, baseUrl, id } = configuration
  const observe = Reads.observe(api)
  return {
    id,
    account,
    baseUrl,
    families: families.map(({ family }) => family),
    validate: (request) => Validation.violations(request, families),
    billedSeconds: (request) => billedSeconds(families, request),
    create: Create.create(api),
    findCreated: Create.findCreated(api),
    trace: Create.trace(api),
    findByTrace: Create.findByTrace(api),
    observe,
    observeMany: Reads.observeMany(api),
    list: Reads.list(api),
    cancel: Removal.cancel(api, observe),
    remove: Removal.remove(api, observe),
    content: Reads.content(api),
    models: Catalogue.models(api, declaration.catalogue),
    readCallback: (family, body) => familyOf(api, family).toObservation(body),
    credentials: (url) => Credentials.forDownload(url, configuration)
  }
})

const billedSeconds = (families: ReadonlyArray<FamilyApi>, request: VideoRequest): number | undefined => {
  const known = families.find(({ family }) => family.id === request.family)
  const spec = known?.family.models.find(({ id }) => id === request.model)
  return known?.billedSeconds === undefined ? Price.secondsOf(request, spec) : known.billedSeconds(request)
}
