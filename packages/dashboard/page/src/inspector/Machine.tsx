import { useEffect, useRef } from "preact/hooks"
import taskMachine from "../task-machine.svg?raw"
import { activePaths, type State, type Transition } from "./definition.ts"
import type { Actor, Edge } from "./log.ts"
import { wayOf } from "./way.ts"

/** A machine as nested boxes: the states in which it is are lit, and the way that it came. */
export const Machine = ({ actor }: { readonly actor: Actor }) => {
  const { lastEdge, machine, snapshot } = actor
  if (machine === undefined) {
    return <p class="muted">This actor was sent without a definition, so there is nothing to draw.</p>
  }
  const active = new Set(activePaths(snapshot.value))
  const way = lastEdge && wayOf(machine, lastEdge)
  const reached = way === undefined ? lastEdge?.to : undefined
  return (
    <>
      {isTaskMachine(machine) && <TaskPicture active={active} edge={lastEdge} />}
      <p class="last-edge" aria-live="polite">
        {lastEdge === undefined ? "" : `${lastEdge.event}: ${lastEdge.from.join(", ")} → ${lastEdge.to.join(", ")}`}
      </p>
      <Box state={machine} active={active} way={way} reached={reached} isRoot />
    </>
  )
}

const Box = ({ active, isRoot = false, reached, state, way }: {
  readonly state: State
  readonly active: ReadonlySet<string>
  /** The way that was taken, where that is known. */
  readonly way: Transition | undefined
  /** Where it led, when the way is not known. */
  readonly reached: ReadonlyArray<string> | undefined
  readonly isRoot?: boolean | undefined
}) => {
  const isLive = active.has(state.path)
  const classes = [
    `state state-${state.kind}`,
    isLive ? "live" : "",
    reached?.includes(state.path) === true ? "reached" : "",
    isRoot ? "root" : ""
  ]
  return (
    <section
      class={classes.filter(Boolean).join(" ")}
      data-state={state.path}
      aria-current={isLive ? "step" : undefined}
      aria-label={`state ${state.key}`}
    >
      <header>
        {state.isInitial && <span class="initial" role="img" aria-label="initial" />}
        <strong>{state.key}</strong>
        {state.kind !== "atomic" && state.kind !== "compound" && <span class="tag">{state.kind}</span>}
        {state.invokes.map((invoke, index) => <span key={index} class="tag">invokes {invoke}</span>)}
      </header>
      {state.transitions.length > 0 && (
        <ul class="transitions">
          {state.transitions.map((transition, index) => (
            <Way key={index} transition={transition} isLast={transition === way} />
          ))}
        </ul>
      )}
      {state.states.length > 0 && (
        <div class={`inside inside-${state.kind}`}>
          {state.states.toSorted((a, b) => rankOf(a) - rankOf(b)).map((inner) => (
            <Box key={inner.path} state={inner} active={active} way={way} reached={reached} />
          ))}
        </div>
      )}
    </section>
  )
}

/** The stock library sends states by the alphabet: where it starts comes first, and ends come last. */
const rankOf = ({ isInitial, kind }: State): number => isInitial ? 0 : kind === "final" ? 2 : 1

const Way = ({ isLast, transition }: { readonly transition: Transition; readonly isLast: boolean }) => (
  <li class={isLast ? "last" : ""}>
    <code>{transition.on}</code>
    {transition.guard !== undefined && <span class="guard">[{transition.guard}]</span>}
    {transition.targets.length > 0 && <span class="target">→ {transition.targets.join(", ")}</span>}
    {transition.actions.length > 0 && <span class="muted">/ {transition.actions.join(", ")}</span>}
  </li>
)

/** The task machine has a picture, drawn when the page was built. */
const isTaskMachine = ({ key, states }: State): boolean =>
  key === "videoTask" &&
  ["SUBMITTED", "IN_PROGRESS", "SUCCESS"].every((name) => states.some((state) => state.key === name))

const TaskPicture = ({ active, edge }: { readonly active: ReadonlySet<string>; readonly edge: Edge | undefined }) => {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const picture = new DOMParser().parseFromString(taskMachine, "image/svg+xml").documentElement
    host.current?.replaceChildren(document.importNode(picture, true))
  }, [])
  useEffect(() => {
    for (const state of host.current?.querySelectorAll("[data-state]") ?? []) {
      state.classList.toggle("live", active.has(state.getAttribute("data-state") ?? ""))
    }
    const taken = edge === undefined ? "" : `${edge.from.join()}->${edge.to.join()}`
    for (const arrow of host.current?.querySelectorAll("[data-edge]") ?? []) {
      arrow.classList.toggle("last", (arrow.getAttribute("data-edge") ?? "").split(" ").includes(taken))
    }
  })
  return <div class="picture" ref={host} />
}
