import type { Detail } from "../../../src/Contract.ts"
import { type Action, busy, perform } from "../live/actions.ts"
import { getFixture } from "../live/api.ts"
import { copy } from "../live/clipboard.ts"
import { say } from "../live/notice.ts"
import { Button } from "../ui/Button.tsx"
import { Icon } from "../ui/Icon.tsx"
import { Inspector } from "./Inspector.tsx"

const Act = ({ action, children, detail }: {
  readonly action: Action
  readonly children: string
  readonly detail: Detail
}) => {
  const can = detail.can[action]
  return (
    <Button
      kind={action === "cancel" ? "danger" : "plain"}
      whyNot={can === true ? undefined : can}
      isBusy={busy.value === `${action} ${detail.row.id}`}
      onClick={() => perform(detail, action)}
    >
      {children}
    </Button>
  )
}

const copyFixture = async (id: string): Promise<void> => {
  const answer = await getFixture(id)
  if (answer.ok) await copy(JSON.stringify(answer.value, null, 2), "the journal as a test fixture")
  else say(answer.message, { isBad: true })
}

/** What can be done with a task. */
export const Actions = ({ detail }: { readonly detail: Detail }) => {
  const { handle, id } = detail.row
  const [video] = detail.videos
  return (
    <div class="buttons">
      {video === undefined ? null : (
        <a class="button primary" href={`${video.src}?download`} download>
          <Icon name="download" />Download
        </a>
      )}
      <Act action="poll" detail={detail}>Poll now</Act>
      <Act action="cancel" detail={detail}>Cancel</Act>
      <Act action="retry" detail={detail}>Retry as new…</Act>
      <Button
        icon="copy"
        whyNot={handle === undefined ? "It has no handle: no task is known yet." : undefined}
        onClick={() => void copy(handle ?? "", "the handle")}
      >
        Handle
      </Button>
      <Button icon="copy" onClick={() => void copyFixture(id)}>Test fixture</Button>
      <Inspector detail={detail} />
    </div>
  )
}
