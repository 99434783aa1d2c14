import { signal } from "@preact/signals"

/** A short word to the user; it goes by itself. */
export interface Notice {
  readonly text: string
  readonly isBad: boolean
  readonly href?: string | undefined
}

export const notice = signal<Notice | undefined>(undefined)

let timer: ReturnType<typeof setTimeout> | undefined

export const say = (text: string, options: { readonly isBad?: boolean; readonly href?: string } = {}): void => {
  clearTimeout(timer)
  notice.value = { text, isBad: options.isBad ?? false, href: options.href }
  timer = setTimeout(() => {
    notice.value = undefined
  }, options.isBad === true ? 12_000 : 6000)
}

export const hush = (): void => {
  notice.value = undefined
}
