/**
 * What Runway's models take, at the vendor's own API and behind CometAPI.
 */
import type { ModelPrice, ModelSpec } from "@video-tasks/core/ModelSpec"

/** The gen4 models, whose ratio has to be there. */
const gen4: ModelSpec["sizes"] = {
  allowed: ["1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672"],
  default: "1280:720"
}

const veo: ModelSpec["sizes"] = { allowed: ["1280:720", "720:1280", "1080:1920", "1920:1080"], default: "1280:720" }

const seedanceSd = ["992:432", "864:496", "752:560", "640:640", "560:752", "496:864"]

const seedanceHd = ["1470:630", "1280:720", "1112:834", "960:960", "834:1112", "720:1280"]

const seedanceFullHd = ["2206:946", "1920:1080", "1664:1248", "1440:1440", "1248:1664", "1080:1920"]

const seedance4k = ["3840:1646", "3840:2160", "3840:2880", "3840:3840", "2880:3840", "2160:3840"]

const ofVeo = (id: string): ModelSpec => ({
  id,
  seconds: { min: 4, max: 8, allowed: [4, 6, 8], default: 4 },
  sizes: veo,
  minImages: 1,
  maxImages: 2,
  promptIsOptional: true,
  maxPromptLength: 1000
})

const ofSeedance = (id: string, sizes: ReadonlyArray<string>, maxPromptLength: number): ModelSpec => ({
  id,
  sizes: { allowed: sizes, default: "1280:720" },
  minImages: 1,
  promptIsOptional: true,
  maxPromptLength
})

/** By the second of an mp4 (Runway's price list, as its resellers quote it). What Veo costs depends on its sound, and so has no one price. */
const credits = (amount: number): ModelPrice => ({ per: "second", amount, unit: "credits" })

/**
 * Runway, `POST /v1/image_to_video`: the types of its SDK (4.20), where they give ranges. That the lengths of `gen4_turbo` are
 * those of `gen4.5` is what the gateways that pass requests on to it document. Any other model is sent as given.
 */
export const vendor: ReadonlyArray<ModelSpec> = [
  {
    id: "gen4.5",
    seconds: { min: 2, max: 10, default: 5 },
    sizes: gen4,
    minImages: 1,
    maxImages: 1,
    maxPromptLength: 1000,
    price: credits(12)
  },
  {
    id: "gen4_turbo",
    seconds: { min: 2, max: 10, default: 5 },
    sizes: gen4,
    minImages: 1,
    maxImages: 1,
    promptIsOptional: true,
    maxPromptLength: 1000,
    price: credits(5)
  },
  ofVeo("veo3.1"),
  ofVeo("veo3.1_fast"),
  ofSeedance("seedance2", [...seedanceSd, ...seedanceHd, ...seedanceFullHd, ...seedance4k], 3500),
  ofSeedance("seedance2_fast", [...seedanceSd, ...seedanceHd], 3500),
  ofSeedance("seedance2_mini", [...seedanceSd, ...seedanceHd], 3500),
  {
    id: "gemini_omni_flash",
    seconds: { min: 3, max: 10, default: 5 },
    sizes: { allowed: ["1280:720", "720:1280"], default: "1280:720" },
    minImages: 1,
    maxImages: 1,
    promptIsOptional: true
  },
  {
    id: "happyhorse_1_0",
    resolutions: { allowed: ["720p", "1080p"], default: "720p" },
    minImages: 1,
    maxImages: 1,
    promptIsOptional: true,
    maxPromptLength: 2500
  },
  {
    id: "grok_imagine_1_5",
    resolutions: { allowed: ["480p", "720p", "1080p"], default: "720p" },
    minImages: 1,
    maxImages: 1,
    promptIsOptional: true
  }
]

/** CometAPI, `POST /runwayml/v1/image_to_video`. Any other model is sent as given. */
export const comet: ReadonlyArray<ModelSpec> = [{
  id: "gen3a_turbo",
  seconds: { min: 5, max: 10, allowed: [5, 10], default: 5 },
  sizes: {
    allowed: ["1280:720", "720:1280", "1104:832", "832:1104", "960:960", "1584:672", "1280:768", "768:1280"],
    default: "1280:768"
  },
  minImages: 1,
  maxImages: 1,
  promptIsOptional: true,
  maxPromptLength: 512
}]
