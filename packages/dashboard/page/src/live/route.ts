import { signal } from "@preact/signals"

/** The task that is looked at; absent on the list. */
export const taskId = signal<string | undefined>(undefined)

/** A token that came with the address. It is taken out of the address bar, and of the history, at once. */
export const takeToken = (): string | undefined => {
  const text = /^#\/?token=(.*)/.exec(location.hash)?.[1]
  if (text === undefined) return undefined
  history.replaceState(null, "", `${location.pathname}${location.search}#/`)
  return decoded(text)
}

/** What was written into the address by hand may have been encoded, or not. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const read = (): void => {
  const text = /^#\/task\/([^/?&]+)/.exec(location.hash)?.[1]
  taskId.value = text === undefined ? undefined : decoded(text)
}

export const hrefOf = (id: string): string => `#/task/${encodeURIComponent(id)}`

export const go = (id: string | undefined): void => {
  location.hash = id === undefined ? "#/" : hrefOf(id)
}

/** Goes back to the list; where the list was seen before, as the browser's own button does. */
export const back = (): void => {
  if (cameFromList) history.back()
  else go(undefined)
}

let cameFromList = false

/** Follows the address; `enter` is told of a token that comes with it later on. */
export const startRoute = (enter: (token: string) => void): void => {
  read()
  addEventListener("hashchange", () => {
    const token = takeToken()
    if (token !== undefined) enter(token)
    const wasList = taskId.value === undefined
    read()
    cameFromList = wasList && taskId.value !== undefined
  })
}
