import { signal } from "@preact/signals"

/** The row that the keyboard stands on. */
export const chosen = signal<string | undefined>(undefined)

/** Where the list was scrolled to, for coming back to it, and whether somebody comes back from a task. */
export const place = { top: 0, isBack: false }

export const focusSearch = (): void => document.querySelector<HTMLInputElement>("#search")?.select()
