import { chosen, focusSearch } from "./list/choice.ts"
import { performOn, question } from "./live/actions.ts"
import { hush, notice } from "./live/notice.ts"
import { back, taskId } from "./live/route.ts"
import { isHelpOpen } from "./ui/Help.tsx"

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]")

const moves = /^(Arrow(Up|Down)|Page(Up|Down)|Home|End)$/

const onKey = (event: KeyboardEvent): void => {
  const { key } = event
  const isOpen = question.value !== undefined || isHelpOpen.value
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
  if (isOpen || isTyping(event.target)) return
  const grid = document.querySelector<HTMLElement>("#grid")
  const id = taskId.value ?? chosen.value
  if (key === "?") isHelpOpen.value = true
  else if (key === "/" && taskId.value === undefined) focusSearch()
  else if (key === "Escape" && notice.value !== undefined) hush()
  else if (key === "Escape" && taskId.value !== undefined) back()
  else if (key === "c" && id !== undefined) void performOn(id, "cancel")
  else if (key === "r" && id !== undefined) void performOn(id, "again")
  else if (grid !== null && moves.test(key)) {
    grid.dispatchEvent(new KeyboardEvent("keydown", { key }))
    grid.focus()
  } else return
  event.preventDefault()
}

/** Keys that hold wherever the focus is. */
export const startKeys = (): void => document.addEventListener("keydown", onKey)
