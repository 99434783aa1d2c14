/**
 * What the models of Ark accept.
 */
import type { ModelSpec } from "@video-tasks/core/ModelSpec"

const ratios = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"]

const hd = ["480p", "720p", "1080p"]

const uhd = [...hd, "4k"]

const spec = (
  id: string,
  [min, max]: readonly [number, number],
  maxImages: number,
  resolutions: ReadonlyArray<string> = hd
): ModelSpec => ({
  id,
  seconds: { min, max, default: 5 },
  sizes: { allowed: ratios, default: "16:9" },
  resolutions: { allowed: resolutions, default: "720p" },
  maxImages,
  // A picture is enough; `ArkRules` asks for one or the other.
  promptIsOptional: true
})

/**
 * The models that the create pages of BytePlus ModelArk (without `doubao-`) and Volcengine Ark name. Lengths are those of a
 * generation: 4 to 15 s for 2.0, 4 to 12 s for 1.5, 2 to 12 s for 1.0. Any other id is sent as given.
 */
export const models: ReadonlyArray<ModelSpec> = [
  spec("dreamina-seedance-2-0-260128", [4, 15], 9, uhd),
  spec("dreamina-seedance-2-0-fast-260128", [4, 15], 9, uhd),
  spec("seedance-1-5-pro-251215", [4, 12], 2),
  spec("seedance-1-0-pro-250528", [2, 12], 2),
  spec("seedance-1-0-pro-fast-251015", [2, 12], 1),
  spec("doubao-seedance-2-0-260128", [4, 15], 9, uhd),
  spec("doubao-seedance-2-0-fast-260128", [4, 15], 9, uhd),
  spec("doubao-seedance-1-5-pro-251215", [4, 12], 2),
  spec("doubao-seedance-1-0-pro-250528", [2, 12], 2),
  spec("doubao-seedance-1-0-pro-fast-251015", [2, 12], 1)
]
