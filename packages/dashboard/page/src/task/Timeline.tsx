import type { Detail, Moment, Row } from "../../../src/Contract.ts"
import { now } from "../live/clock.ts"
import { duration, time } from "../model/format.ts"
import { isOver, ofState, word } from "../model/look.ts"
import { isTrouble, type Item, items, type Visit, visits } from "../model/timeline.ts"
import { Icon } from "../ui/Icon.tsx"

const VisitBar = ({ visit }: { readonly visit: Visit }) => {
  const weight = visit.pieces.reduce((sum, piece) => sum + piece.weight, 0)
  const name = word(ofState(visit.state))
  return (
    <div
      class={`visit tone-${ofState(visit.state)}`}
      style={{ flexGrow: weight }}
      title={`${name}: ${duration(visit.ms)}`}
    >
      <div class="pieces">
        {visit.pieces.map((piece, index) => (
          <span
            key={index}
            class={`piece${piece.isCut ? " cut" : ""}${piece.isTrouble ? " trouble" : ""}`}
            style={{ flexGrow: piece.weight }}
            title={piece.isCut ? `${duration(piece.ms)}, drawn shorter` : duration(piece.ms)}
          >
            {piece.isCut ? "≋" : ""}
          </span>
        ))}
      </div>
      <span class="visit-name">{name} {duration(visit.ms)}</span>
    </div>
  )
}

const Bar = ({ detail, row }: { readonly detail: Detail; readonly row: Row }) => {
  const end = isOver(row.state) ? (row.completedAt ?? row.updatedAt) : now.value
  const drawn = visits(detail.moments, end)
  return drawn.length === 0 ?
    null :
    (
      <div
        class="visits"
        role="img"
        aria-label={drawn.map((one) => `${word(ofState(one.state))} ${duration(one.ms)}`).join(", ")}
      >
        {drawn.map((visit, index) => <VisitBar key={index} visit={visit} />)}
      </div>
    )
}

const Change = ({ moment: { from, progress, to } }: { readonly moment: Moment }) => {
  if (to !== undefined && to !== from) {
    return (
      <span class={`change tone-${ofState(to)}`}>
        <Icon name={ofState(to)} />
        {from === undefined ? "" : `${word(ofState(from))} → `}
        {word(ofState(to))}
        {progress === undefined ? "" : ` ${Math.round(progress)} %`}
      </span>
    )
  }
  return progress === undefined ? null : <span class="change">{Math.round(progress)} %</span>
}

/** Whether the words only repeat the change beside them. */
const saidTwice = ({ progress, text, to }: Moment): boolean => {
  const [state, share] = text.split(", ")
  const isState = to !== undefined && state === word(ofState(to))
  return isState && (share === undefined || progress !== undefined && share === `${Math.round(progress)} %`)
}

const Line = ({ item }: { readonly item: Item }) => {
  if (item.kind === "quiet") {
    return (
      <li class="quiet">
        <details>
          <summary>
            <span class="at">{time(item.from)}</span>
            <span class="since">≋</span>
            <span class="what">
              {item.reads.length} polls without a change in {duration(item.to - item.from)}
            </span>
          </summary>
          <ol>
            {item.reads.map((read, index) => (
              <Line key={index} item={{ kind: "moment", moment: read, sinceMs: undefined }} />
            ))}
          </ol>
        </details>
      </li>
    )
  }
  const { moment, sinceMs } = item
  return (
    <li class={isTrouble(moment) ? "trouble" : moment.kind}>
      <span class="at">{time(moment.at)}</span>
      <span class="since">{sinceMs === undefined ? "" : `+${duration(sinceMs)}`}</span>
      <span class="what">
        <b>{moment.type}</b>
        <Change moment={moment} />
        <span class="text">{saidTwice(moment) ? "" : moment.text}</span>
      </span>
      <span class="took">{moment.tookMs === undefined ? "" : duration(moment.tookMs)}</span>
    </li>
  )
}

const Counted = ({ row }: { readonly row: Row }) => (
  <span class="muted">
    {[
      row.polls === undefined ? "" : row.polls === 1 ? "1 poll" : `${row.polls} polls`,
      row.failures === undefined || row.failures === 0 ? "" : `${row.failures} failed`
    ].filter((text) => text !== "").join(" · ")}
  </span>
)

/** What happened, with what is long and quiet folded together. */
export const Timeline = ({ detail, row }: { readonly detail: Detail; readonly row: Row }) => (
  <section class="card history" aria-label="Timeline">
    <div class="card-head">
      <h2>Timeline</h2>
      <Counted row={row} />
    </div>
    <Bar detail={detail} row={row} />
    {detail.moments.length === 0
      ? <p class="muted">Nothing is known yet.</p>
      : <ol class="moments">{items(detail.moments).map((item, index) => <Line key={index} item={item} />)}</ol>}
  </section>
)
