/**
 * The vendors' own APIs as CometAPI serves them: the same families, at other paths.
 */
import * as Ark from "./families/ark.ts"
import * as Kling from "./families/kling.ts"
import * as Runway from "./families/runway.ts"
import * as Sora from "./families/sora.ts"
import * as XAi from "./families/xai.ts"
import type { FamilyApi } from "./familyApi.ts"

/** One a vendor, in the order of CometAPI's overview page. */
export const vendorFamilies = (): ReadonlyArray<FamilyApi> => [
  // CometAPI's pages document remix, content and DELETE, and no list.
  Sora.family({ prefix: "", host: "cometapi" }),
  // CometAPI's pages document the create and the query.
  Runway.family({ prefix: "/runwayml", host: "cometapi" }),
  Kling.family(Kling.comet),
  // CometAPI's page documents the create and the query.
  Ark.family({ prefix: "/volc/v3", managed: false }),
  // CometAPI's pages document generations and the query.
  XAi.family({ prefix: "/grok", host: "cometapi" })
]
