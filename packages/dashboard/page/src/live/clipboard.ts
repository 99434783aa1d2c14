import { say } from "./notice.ts"

/** Copies, also where the page has come over plain HTTP from another machine. */
export const copy = async (text: string, what: string): Promise<void> => {
  const isCopied = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copyBySelection(text)
  say(isCopied ? `Copied ${what}.` : `The browser does not let this page copy ${what}.`, { isBad: !isCopied })
}

const copyBySelection = (text: string): boolean => {
  const area = document.createElement("textarea")
  area.value = text
  area.className = "sr"
  document.body.append(area)
  area.select()
  const isCopied = document.execCommand("copy")
  area.remove()
  return isCopied
}
