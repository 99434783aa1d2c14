/**
 * The vendors' own APIs as CometAPI serves them: the same families, at other paths.
 */
import type { FamilyApi } from "./familyApi.ts"

/** One a vendor, in the order of CometAPI's overview page. */
export const vendorFamilies: ReadonlyArray<FamilyApi> = []
