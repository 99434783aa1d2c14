import { assert } from "@effect/vitest"
import { Observation, type StatusWord, Video, type WireProblem } from "@video-tasks/core"
import { Redacted, Result } from "effect"

type Reader = (body: unknown) => Result.Result<Observation.Observation, WireProblem.WireProblem>

/** Reads a body that is a task. */
export const observed = (read: Reader, body: unknown): Observation.Observation => Result.getOrThrow(read(body))

/** Reads a body that is none. */
export const problem = (read: Reader, body: unknown) => {
  const { code, detail, kind } = Result.getOrThrow(Result.flip(read(body)))
  return { kind, detail, ...(code === undefined ? {} : { code }) }
}

/** What a body says about the state alone. */
export const reading = (read: Reader, body: unknown): StatusWord.Reading => {
  const { status, unrecognised } = observed(read, body)
  return {
    ...(status === undefined ? {} : { status }),
    ...(unrecognised === undefined ? {} : { unrecognised })
  }
}

/** The links of a body's videos, whole. */
export const links = (read: Reader, body: unknown): ReadonlyArray<string> =>
  observed(read, body).videos.map(({ url }) => Redacted.value(url))

interface VideoFields extends Omit<ConstructorParameters<typeof Video.Video>[0], "url" | "thumbnailUrl"> {
  readonly url: string
  readonly thumbnailUrl?: string
}

/** A video of plain fields. */
export const video = ({ thumbnailUrl, url, ...fields }: VideoFields): Video.Video =>
  new Video.Video({
    ...fields,
    url: Redacted.make(url, { label: "video url" }),
    ...(thumbnailUrl === undefined ? {} : { thumbnailUrl: Redacted.make(thumbnailUrl, { label: "thumbnail url" }) })
  })

/**
 * Asserts that a body reads as exactly this observation: nothing more, nothing less, redacted links compared by value,
 * and `raw` the body itself, which holds no secret in these samples.
 */
export const assertReads = (
  read: Reader,
  body: unknown,
  fields: Omit<ConstructorParameters<typeof Observation.Observation>[0], "raw">
): void => {
  const actual = observed(read, body)
  const expected = new Observation.Observation({ ...fields, raw: JSON.stringify(body) })
  assert.deepStrictEqual(unveiled(actual), unveiled(expected))
}

const unveiled = ({ videos, ...rest }: Observation.Observation) => ({
  ...rest,
  videos: videos.map(({ thumbnailUrl, url, ...own }) => ({
    ...own,
    url: Redacted.value(url),
    thumbnailUrl: thumbnailUrl === undefined ? undefined : Redacted.value(thumbnailUrl)
  }))
})
