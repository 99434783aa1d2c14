import { useEffect, useRef } from "preact/hooks"
import type { Detail } from "../../../src/Contract.ts"
import { localViewer, statelyInspector } from "../inspector/bridge.ts"
import { inspectTask, type TaskBridge } from "../inspector/taskBridge.ts"
import { question } from "../live/actions.ts"
import { say } from "../live/notice.ts"
import { Button } from "../ui/Button.tsx"

/** Shows the machine of a task in an inspector: our own at once, the online one when somebody wants it to be. */
export const Inspector = ({ detail }: { readonly detail: Detail }) => {
  const open = useRef<ReadonlyArray<TaskBridge>>([])
  useEffect(() => {
    for (const bridge of open.current) bridge.update(detail)
  }, [detail])
  useEffect(() => () => {
    for (const bridge of open.current) bridge.close()
  }, [])
  const inspect = (url: URL): void => {
    const bridge = inspectTask(window, url, detail)
    if (bridge === undefined) return say("The browser did not open a window for the inspector.", { isBad: true })
    open.current = [...open.current, bridge]
  }
  const why = detail.row.handle === undefined ? "There is no task yet, so no machine runs." : undefined
  return (
    <>
      <Button whyNot={why} onClick={() => inspect(localViewer(location))}>
        Inspector
      </Button>
      <Button
        whyNot={why}
        onClick={() => {
          question.value = {
            title: "Open an online page?",
            row: detail.row,
            text: "A window opens at stately.ai and is told of this task: its states, events and progress, its ids, " +
              "provider and model. Prompt, links and the provider's answers stay here.",
            yes: "Open stately.ai",
            isDangerous: false,
            run: () => inspect(statelyInspector)
          }
        }}
      >
        Stately inspector…
      </Button>
    </>
  )
}
