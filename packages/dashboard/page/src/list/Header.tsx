import { line, lineWords } from "../live/connection.ts"
import { counts, filter, rate, show, status, totals } from "../live/tasks.ts"
import { count, money } from "../model/format.ts"
import { Button } from "../ui/Button.tsx"
import { isHelpOpen } from "../ui/Help.tsx"
import { Icon } from "../ui/Icon.tsx"

const speed = (value: number): string =>
  value === 0 ? "quiet" : `${value < 10 ? value.toFixed(1) : count(Math.round(value))} steps/s`

/** Whether the page is live, and how much happens. */
export const Live = () => {
  const { kind } = line.value
  return (
    <span class={`live ${kind}`}>
      <span class="dot" aria-hidden="true" />
      <b>{lineWords[kind]}</b>
      {kind === "live" ? <span class="muted speed">{speed(rate.value)}</span> : null}
    </span>
  )
}

/** What the page is and on which store, in small words. */
export const Tags = () => {
  const known = status.value
  if (known === undefined) return null
  return (
    <>
      {known.isDemo ? <span class="tag">demo</span> : null}
      {known.isReadOnly
        ? <span class="tag" title="This page may look, but not poll, cancel or create.">read-only</span>
        : null}
      <span class="muted store" title="Where the tasks are kept">{known.store}</span>
    </>
  )
}

const Search = () => (
  <label class="search">
    <Icon name="search" />
    <span class="sr">Search id, model, prompt or provider</span>
    <input
      id="search"
      type="search"
      placeholder="id, model, prompt, provider"
      autocomplete="off"
      spellcheck={false}
      value={filter.value.text}
      onInput={(event) => show({ text: event.currentTarget.value })}
      onKeyDown={(event) => {
        if (event.key === "Escape" && filter.value.text !== "") show({ text: "" })
        else if (event.key === "Escape") event.currentTarget.blur()
        else if (event.key === "ArrowDown" || event.key === "Enter") {
          document.querySelector<HTMLElement>("#grid")?.focus()
        } else return
        event.preventDefault()
      }}
    />
    <kbd aria-hidden="true">/</kbd>
  </label>
)

const Sums = () => {
  const retrying = counts.value.retrying
  return (
    <>
      {retrying === 0 ? null : (
        <span class="tone-retrying stat">
          <Icon name="retrying" />
          {count(retrying)} retrying
        </span>
      )}
      <span class="sums">
        {totals.value.map((total) => (
          <span
            key={total.unit}
            class="stat sum"
            title={`What the tasks of this page cost${total.isEstimate ? "; some of it is an estimate" : ""}`}
          >
            {money(total, total.isEstimate)}
          </span>
        ))}
      </span>
    </>
  )
}

export const Header = () => (
  <header class="header">
    <h1>
      <a href="#/">Video tasks</a>
    </h1>
    <Tags />
    <Search />
    <span class="spring" />
    <Sums />
    <Live />
    <Button
      kind="quiet"
      label="Keys"
      onClick={() => {
        isHelpOpen.value = true
      }}
    >
      ?
    </Button>
  </header>
)
