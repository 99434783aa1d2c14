import { signal } from "@preact/signals"

/** The task that is looked at; absent on the list. */
export const taskId = signal<string | undefined>(undefined)

/** A token that came with the address. It is taken out of the address bar, and of the history, at once. */
export const takeToken = (): string | undefined => {
  const match = /^#\/?token=([^&/]+)/.exec(location.hash)
  if (match?.[1] === undefined) return undefined
  history.replaceState(null, "", `${location.pathname}${location.search}#/`)
  return decodeURIComponent(match[1])
}

const read = (): void => {
  const match = /^#\/task\/([^/?&]+)/.exec(location.hash)
  try {
    taskId.value = match?.[1] === undefined ? undefined : decodeURIComponent(match[1])
  } catch {
    taskId.value = undefined
  }
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

export const startRoute = (): void => {
  read()
  addEventListener("hashchange", () => {
    const wasList = taskId.value === undefined
    read()
    cameFromList = wasList && taskId.value !== undefined
  })
}
