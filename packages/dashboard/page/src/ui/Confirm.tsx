import { question } from "../live/actions.ts"
import { shortId } from "../model/format.ts"
import { Button } from "./Button.tsx"
import { Dialog } from "./Dialog.tsx"

/** Asks before something is done that costs money or can't be undone. */
export const Confirm = () => {
  const asked = question.value
  if (asked === undefined) return null
  const { family, id, model, prompt } = asked.row
  const close = () => {
    question.value = undefined
  }
  return (
    <Dialog title={asked.title} onClose={close}>
      <p class="which">
        <b>{model ?? family}</b> <code>{shortId(id)}</code> <span class="muted">{prompt}</span>
      </p>
      <p>{asked.text}</p>
      <div class="buttons end">
        <Button onClick={close}>Leave it</Button>
        <Button
          kind={asked.isDangerous ? "danger" : "primary"}
          onClick={() => {
            close()
            asked.run()
          }}
        >
          {asked.yes}
        </Button>
      </div>
    </Dialog>
  )
}
