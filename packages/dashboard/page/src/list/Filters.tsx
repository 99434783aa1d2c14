import type { ProviderLine } from "../../../src/Contract.ts"
import { counts, filter, providers, show, status } from "../live/tasks.ts"
import { clock, count, percent } from "../model/format.ts"
import { groups, word } from "../model/look.ts"
import { Icon } from "../ui/Icon.tsx"

/** How many tasks are in each state; pressing one shows only these. */
export const States = () => {
  const active = filter.value.group
  const known = counts.value
  return (
    <div class="states" role="group" aria-label="Show by state">
      {(["all", ...groups] as const).map((group) => (
        <button
          key={group}
          type="button"
          class={`state tone-${group}${known[group] === 0 ? " none" : ""}`}
          aria-pressed={active === group}
          onClick={() => show({ group: active === group ? "all" : group })}
        >
          {group === "all" ? null : <Icon name={group} />}
          <span>{group === "all" ? "all" : word(group)}</span>
          <b>{count(known[group])}</b>
        </button>
      ))}
    </div>
  )
}

const Times = ({ p50Ms, p90Ms }: ProviderLine) =>
  p50Ms === undefined ?
    <span class="muted">no success yet</span> :
    (
      <span title="Half of the successes took at most the first time, nine of ten at most the second">
        <span class="muted">p50</span> {clock(p50Ms)}
        {p90Ms === undefined ? null : (
          <>
            <span class="muted">p90</span> {clock(p90Ms)}
          </>
        )}
      </span>
    )

/** Whether this process has no way to ask it, for want of a key. */
const isMissing = ({ provider }: ProviderLine): boolean =>
  status.value?.providers !== undefined && !status.value.providers.includes(provider)

const Provider = ({ line }: { readonly line: ProviderLine }) => {
  const { ended, failed, isKeyRejected, provider, retrying, running } = line
  const isOn = filter.value.provider === provider
  return (
    <button
      type="button"
      class="provider"
      aria-pressed={isOn}
      onClick={() => show({ provider: isOn ? undefined : provider })}
    >
      <b>{provider}</b>
      {isKeyRejected
        ? (
          <span class="tone-failed">
            <Icon name="key" /> key rejected
          </span>
        )
        : null}
      {isMissing(line)
        ? (
          <span class="tone-retrying">
            <Icon name="key" /> not asked from here
          </span>
        )
        : null}
      <span>{count(running)} running</span>
      <Times {...line} />
      {ended === 0 ?
        null :
        (
          <span class={failed > 0 ? "tone-failed" : "muted"} title={`${count(failed)} of ${count(ended)} ended ones`}>
            {percent(failed / ended)} failed
          </span>
        )}
      {retrying === 0 ? null : <span class="tone-retrying">{count(retrying)} retrying</span>}
    </button>
  )
}

/** What wants to be seen comes first, also where there is little room. */
const trouble = (line: ProviderLine): number => line.isKeyRejected ? 2 : line.retrying > 0 || isMissing(line) ? 1 : 0

/** A line for each provider; pressing one shows only its tasks. */
export const Providers = () =>
  providers.value.length === 0 ? null : (
    <div class="providers" role="group" aria-label="Show by provider">
      {providers.value.toSorted((a, b) => trouble(b) - trouble(a)).map((line) => (
        <Provider key={line.provider} line={line} />
      ))}
    </div>
  )
