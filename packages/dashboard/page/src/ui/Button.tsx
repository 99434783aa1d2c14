import type { ComponentChildren } from "preact"
import { useId } from "preact/hooks"
import { Icon } from "./Icon.tsx"

interface Properties {
  readonly children: ComponentChildren
  readonly onClick: () => void
  readonly icon?: string
  readonly kind?: "plain" | "primary" | "danger" | "quiet"
  /** Why it can't be pressed. It stays in the order of focus, so that the reason can be read. */
  readonly whyNot?: string | undefined
  readonly isBusy?: boolean
  readonly label?: string
}

/** A button; where it is disabled it says why. */
export const Button = ({ children, icon, isBusy, kind = "plain", label, onClick, whyNot }: Properties) => {
  const id = useId()
  const isOff = whyNot !== undefined || isBusy === true
  return (
    <span class="button-box">
      <button
        type="button"
        class={`button ${kind}`}
        aria-disabled={isOff}
        aria-describedby={whyNot === undefined ? undefined : id}
        aria-label={label}
        onClick={() => {
          if (!isOff) onClick()
        }}
      >
        {icon === undefined ? null : <Icon name={icon} />}
        {children}
      </button>
      {whyNot === undefined ? null : <span class="why" role="tooltip" id={id}>{whyNot}</span>}
    </span>
  )
}
