import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"

interface Properties {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
}

/** A window in front of the page. The browser keeps the focus in it, and closes it with Escape. */
export const Dialog = ({ children, onClose, title }: Properties) => {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = document.activeElement
    ref.current?.showModal()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === ref.current) ref.current?.close()
      }}
    >
      <div class="dialog-body">
        <h2>{title}</h2>
        {children}
      </div>
    </dialog>
  )
}
