import { type Signal, useSignal } from "@preact/signals"
import { valueText } from "./definition.ts"
import { Json } from "./Json.tsx"
import type { Actor, Actors, Entry } from "./log.ts"
import { Machine } from "./Machine.tsx"
import type { Connection } from "./receiver.ts"

const connections: Readonly<Record<Connection, string>> = {
  alone: "Nobody opened this page",
  waiting: "Waiting for actors",
  connected: "Connected",
  ended: "The sender has stopped; this is what it said"
}

/** Machines at work, as they tell of themselves. */
export const Inspector = ({ actors, connection }: {
  readonly actors: Signal<Actors>
  readonly connection: Signal<Connection>
}) => {
  const chosen = useSignal<string | undefined>(undefined)
  const all = [...actors.value.values()]
  const actor = actors.value.get(chosen.value ?? "") ?? all[0]
  return (
    <>
      <header class="top">
        <h1>Inspector</h1>
        <span class={`connection connection-${connection.value}`} role="status">{connections[connection.value]}</span>
        <span class="muted">What is shown here stays on this machine.</span>
      </header>
      <main>
        <ActorList actors={all} chosen={actor} choose={(id) => chosen.value = id} />
        {actor === undefined
          ? <Empty connection={connection.value} />
          : <Details key={actor.sessionId} actor={actor} />}
      </main>
    </>
  )
}

const ActorList = ({ actors, choose, chosen }: {
  readonly actors: ReadonlyArray<Actor>
  readonly chosen: Actor | undefined
  readonly choose: (id: string) => void
}) => (
  <nav class="actors" aria-label="Actors">
    <h2>
      Actors <span class="muted">{actors.length}</span>
    </h2>
    <ul>
      {actors.map((actor) => (
        <li key={actor.sessionId} class={actor.parentId === undefined ? "" : "child"}>
          <button
            type="button"
            aria-current={actor === chosen ? "true" : undefined}
            onClick={() => choose(actor.sessionId)}
          >
            <span class="actor-name">{actor.name}</span>
            <span class={`status status-${String(actor.snapshot.status)}`}>
              {valueText(actor.snapshot.value) || String(actor.snapshot.status ?? "")}
            </span>
          </button>
        </li>
      ))}
    </ul>
  </nav>
)

const Empty = ({ connection }: { readonly connection: Connection }) => (
  <section class="empty">
    {connection === "alone"
      ? (
        <>
          <p>This page shows what the page that opened it says of its machines.</p>
          <p>Open it from a task in the dashboard, or give its address to an app:</p>
          <pre>{`createBrowserInspector({ url: "${location.origin}${location.pathname}" })`}</pre>
        </>
      )
      : <p>No actor has told of itself yet.</p>}
  </section>
)

const Details = ({ actor }: { readonly actor: Actor }) => {
  const { context, error, output, status } = actor.snapshot
  return (
    <>
      <section class="machine" aria-label="Machine">
        <h2>{actor.name}</h2>
        <Machine actor={actor} />
      </section>
      <aside class="side">
        <section aria-label="Snapshot">
          <h2>
            Snapshot <span class="muted">{String(status ?? "")}</span>
          </h2>
          <Json name="context" value={context} unfold={2} />
          {output !== undefined && <Json name="output" value={output} />}
          {error !== undefined && <Json name="error" value={error} unfold={2} />}
        </section>
        <section aria-label="Events" class="events">
          <h2>
            Events <span class="muted">{actor.entries.length + actor.dropped}</span>
          </h2>
          {actor.dropped > 0 && <p class="muted">The first {actor.dropped} are no longer kept.</p>}
          <ol>{actor.entries.toReversed().map((entry) => <Event key={entry.key} entry={entry} />)}</ol>
        </section>
      </aside>
    </>
  )
}

const Event = ({ entry: { at, event, from, to } }: { readonly entry: Entry }) => (
  <li>
    <details>
      <summary>
        <time>{at === undefined ? "" : timeText(at)}</time>
        <code>{event.type}</code>
        {to !== undefined && to !== "" && (
          <span class="muted">{from === to || from === "" ? to : `${from} → ${to}`}</span>
        )}
      </summary>
      <Json value={event} unfold={1} />
    </details>
  </li>
)

const timeText = (at: number): string => {
  const time = new Date(at)
  return `${time.toLocaleTimeString(undefined, { hour12: false })}.${String(time.getMilliseconds()).padStart(3, "0")}`
}
