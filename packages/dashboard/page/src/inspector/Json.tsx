/** How much of a long list or text is shown. */
const maxItems = 200
const maxText = 4000

/** A value as a tree that can be folded. Everything in it is text. */
export const Json = ({ unfold = 0, name, value }: {
  readonly value: unknown
  readonly name?: string | undefined
  /** How many levels are unfolded. */
  readonly unfold?: number | undefined
}) => {
  if (typeof value !== "object" || value === null) {
    return (
      <div class="json-leaf">
        <Name name={name} />
        <Leaf value={value} />
      </div>
    )
  }
  const entries = Object.entries(value)
  const isList = Array.isArray(value)
  if (entries.length === 0) {
    return (
      <div class="json-leaf">
        <Name name={name} />
        <span class="muted">{isList ? "[ ]" : "{ }"}</span>
      </div>
    )
  }
  return (
    <details class="json" open={unfold > 0}>
      <summary>
        <Name name={name} />
        <span class="muted">{isList ? `[ ${entries.length} ]` : `{ ${summary(entries)} }`}</span>
      </summary>
      <div class="json-inside">
        {entries.slice(0, maxItems).map(([key, inner]) => (
          <Json key={key} name={key} value={inner} unfold={isList ? 0 : unfold - 1} />
        ))}
        {entries.length > maxItems && <div class="muted">and {entries.length - maxItems} more</div>}
      </div>
    </details>
  )
}

const Name = ({ name }: { readonly name: string | undefined }) =>
  name === undefined ? null : <span class="json-name">{name}:{" "}</span>

const Leaf = ({ value }: { readonly value: unknown }) => {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value)
  return <span class={`json-${typeof value}`}>{text.length > maxText ? `${text.slice(0, maxText)} …` : text}</span>
}

const summary = (entries: ReadonlyArray<readonly [string, unknown]>): string => {
  const names = entries.slice(0, 4).map(([key]) => key).join(", ")
  return entries.length > 4 ? `${names}, …` : names
}
