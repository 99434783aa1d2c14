import { signal } from "@preact/signals"

/** The server's time, in ms; moves once a second while the page is seen. */
export const now = signal(Date.now())

let offset = 0

/** Sets the clock by the server's. */
export const setClock = (serverNow: number): void => {
  offset = serverNow - Date.now()
}

/** The server's time at this instant, in ms. */
export const serverNow = (): number => Date.now() + offset

const tick = (): void => {
  if (!document.hidden) now.value = serverNow()
}

/** Lets the clock run. */
export const startClock = (): void => {
  setInterval(tick, 1000)
  document.addEventListener("visibilitychange", tick)
}
