import { signal } from "@preact/signals"
import { taskId } from "../live/route.ts"
import { Button } from "./Button.tsx"
import { Dialog } from "./Dialog.tsx"

export const isHelpOpen = signal(false)

/** The first four are of the list. */
const keys: ReadonlyArray<readonly [string, string]> = [
  ["/", "search"],
  ["↑ ↓", "choose a task"],
  ["PgUp PgDn Home End", "jump"],
  ["Enter", "open the chosen task"],
  ["Esc", "back to the list, or out of the search"],
  ["r", "poll a running task now; create an ended one again (asks first)"],
  ["c", "cancel (asks first)"],
  ["?", "this help"]
]

export const Help = () =>
  isHelpOpen.value
    ? (
      <Dialog
        title="Keys"
        onClose={() => {
          isHelpOpen.value = false
        }}
      >
        <dl class="keys">
          {keys.slice(taskId.value === undefined ? 0 : 4).map(([key, text]) => (
            <div key={key}>
              <dt>{key.split(" ").map((one) => <kbd key={one}>{one}</kbd>)}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
        <div class="buttons end">
          <Button
            kind="primary"
            onClick={() => {
              isHelpOpen.value = false
            }}
          >
            Close
          </Button>
        </div>
      </Dialog>
    )
    : null
