import { hush, notice } from "../live/notice.ts"
import { Button } from "./Button.tsx"

/** What came of an action; screen readers hear it. */
export const NoticeBox = () => {
  const said = notice.value
  return (
    <div class="notice-box" role="status">
      {said === undefined ? null : (
        <div class={said.isBad ? "notice bad" : "notice"}>
          <span>{said.text}</span>
          {said.href === undefined ? null : <a href={said.href}>Open it</a>}
          <Button kind="quiet" icon="close" label="Close this message" onClick={hush}>{null}</Button>
        </div>
      )}
    </div>
  )
}
