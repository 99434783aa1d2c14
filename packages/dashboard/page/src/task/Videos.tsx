import type { Detail, Row, VideoLine } from "../../../src/Contract.ts"
import { now } from "../live/clock.ts"
import { clock, duration } from "../model/format.ts"
import { Icon } from "../ui/Icon.tsx"

const Expiry = ({ video }: { readonly video: VideoLine }) => {
  if (video.isArchived) {
    return (
      <span class="tone-succeeded pair">
        <Icon name="succeeded" />kept in the archive
      </span>
    )
  }
  if (video.expiresAt === undefined) return null
  const rest = video.expiresAt - now.value
  return rest <= 0
    ? (
      <span class="tone-failed pair">
        <Icon name="expired" />the provider's link has expired
      </span>
    )
    : <span class={rest < 3_600_000 ? "tone-retrying pair" : "pair"}>link expires in {clock(rest)}</span>
}

const facts = ({ durationMs, height, width }: VideoLine): string =>
  [
    durationMs === undefined ? "" : duration(durationMs),
    width === undefined || height === undefined ? "" : `${width} × ${height}`
  ].filter((fact) => fact !== "").join(" · ")

const Video = ({ index, video }: { readonly index: number; readonly video: VideoLine }) => (
  <figure>
    {/* The file comes through this server: the provider's link stays with it. */}
    <video src={video.src} controls preload="metadata" playsInline aria-label={`Video ${index + 1}`} />
    <figcaption>
      {facts(video) === "" ? null : <span class="pair">{facts(video)}</span>}
      <Expiry video={video} />
      <span class="pair muted">from {video.from}</span>
    </figcaption>
  </figure>
)

/** The finished videos. */
export const Videos = ({ detail, row }: { readonly detail: Detail; readonly row: Row }) => {
  if (row.state !== "SUCCESS" && detail.videos.length === 0) return null
  return (
    <section class="card outcome" aria-label="Result">
      <h2>Result</h2>
      {detail.videos.length === 0
        ? <p class="tone-retrying">It succeeded without a video: the provider handed over no link.</p>
        : detail.videos.map((video, index) => <Video key={video.src} index={index} video={video} />)}
    </section>
  )
}
