import type { Status } from "../../../src/Contract.ts"
import { now } from "../live/clock.ts"
import { connect, line, lineWords } from "../live/connection.ts"
import { status } from "../live/tasks.ts"
import { count } from "../model/format.ts"
import { Button } from "./Button.tsx"
import { Icon } from "./Icon.tsx"

const Lost = () => {
  const state = line.value
  if (state.kind !== "lost") return null
  const rest = state.retryAt === undefined ? 0 : Math.ceil((state.retryAt - now.value) / 1000)
  return (
    <div class="banner warn">
      <Icon name="retrying" />
      <span>
        <b>Reconnecting.</b> {capital(state.why)}; what you see is as of the last moment it did.{" "}
        <span aria-hidden="true">{rest > 0 ? `Next try in ${rest} s.` : "Trying…"}</span>
      </span>
      <Button onClick={() => void connect()}>Try now</Button>
    </div>
  )
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

const Problem = ({ problem }: { readonly problem: string }) => (
  <div class="banner bad">
    <Icon name="error" />
    <span>
      <b>The store has a problem.</b> {problem}
    </span>
  </div>
)

const Truncated = ({ leftOut, maxTasks }: Status) => (
  <div class="banner note">
    <Icon name="ambiguous" />
    <span>
      The store has more tasks than the {count(maxTasks)} shown here: {leftOut === undefined
        ? "some"
        : `at least ${count(leftOut.running)} running and ${count(leftOut.ended)} ended ones`}{" "}
      are left out, and are in no count and no sum.
    </span>
  </div>
)

/** What is wrong, or missing, for the whole page. */
export const Banners = () => {
  const known = status.value
  const isLost = line.value.kind === "lost"
  if (!isLost && known?.problem === undefined && known?.isTruncated !== true) return null
  return (
    <section aria-label="Messages">
      <Lost />
      {known?.problem === undefined ? null : <Problem problem={known.problem} />}
      {known?.isTruncated === true ? <Truncated {...known} /> : null}
    </section>
  )
}

/** Tells screen readers how the line stands: rarely, and politely. */
export const LineStatus = () => <div class="sr" role="status">{lineWords[line.value.kind]}</div>
