import { signal } from "@preact/signals"

/** The row that the keyboard stands on. */
export const chosen = signal<string | undefined>(undefined)

/** Where the list was scrolled to, for coming back to it. */
export const place = { top: 0 }

export const focusSearch = (): void => document.querySelector<HTMLInputElement>("#search")?.select()
