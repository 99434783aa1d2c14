/**
 * The vendors' own APIs as CometAPI serves them: the same families, at other paths.
 */
import * as Ark from "./families/ark.ts"
import type { FamilyApi } from "./familyApi.ts"

/** One a vendor, in the order of CometAPI's overview page. */
export const vendorFamilies: ReadonlyArray<FamilyApi> = [
  // CometAPI's page documents the create and the query.
  Ark.family({ prefix: "/volc/v3", managed: false })
]
