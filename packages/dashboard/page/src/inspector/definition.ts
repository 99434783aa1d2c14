/**
 * The definition of a machine (an XState config as JSON) as a tree of states.
 */
import { isRecord } from "./messages.ts"

export interface Transition {
  /** The event, `after 1000`, `done`, `error`, or `always`. */
  readonly on: string
  /** The event's type where there is one. */
  readonly event: string
  /** The targets as they are written; empty when the machine stays where it is. */
  readonly targets: ReadonlyArray<string>
  readonly guard: string | undefined
  readonly actions: ReadonlyArray<string>
}

export interface State {
  /** The path, joined by dots; empty for the machine. */
  readonly path: string
  readonly key: string
  readonly kind: "atomic" | "compound" | "parallel" | "final" | "history"
  readonly isInitial: boolean
  readonly transitions: ReadonlyArray<Transition>
  readonly invokes: ReadonlyArray<string>
  readonly states: ReadonlyArray<State>
}

/** Deeper than any machine that a person reads; a definition is untrusted. */
const maxDepth = 20

/** Reads a definition; `undefined` when it has no states. */
export const parse = (definition: unknown): State | undefined => {
  if (!isRecord(definition) || !isRecord(definition["states"])) return undefined
  const id = typeof definition["id"] === "string" ? definition["id"] : "machine"
  return stateOf(definition, id, "", false, 0)
}

/** The paths of the states in which a machine is, from its state value. */
export const activePaths = (value: unknown, parent = ""): ReadonlyArray<string> => {
  const join = (key: string): string => parent === "" ? key : `${parent}.${key}`
  if (typeof value === "string") return [join(value)]
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => [join(key), ...activePaths(inner, join(key))])
}

/** A state value in a line. */
export const valueText = (value: unknown): string => {
  if (typeof value === "string") return value
  if (!isRecord(value)) return ""
  return Object.entries(value)
    .map(([key, inner]) =>
      isRecord(inner) && Object.keys(inner).length > 1 ? `${key} (${valueText(inner)})` : `${key}.${valueText(inner)}`
    )
    .map((text) => text.replace(/\.$/, ""))
    .join(", ")
}

/** Whether a transition leads to one of these paths. */
export const leadsTo = ({ targets }: Transition, paths: ReadonlyArray<string>): boolean =>
  targets.some((target) => {
    const name = target.replace(/^[#.]+/, "")
    return paths.some((path) => path === name || path.endsWith(`.${name}`) || name.endsWith(`.${path}`))
  })

// internal

type Config = Readonly<Record<string, unknown>>

const stateOf = (config: Config, key: string, path: string, isInitial: boolean, depth: number): State => {
  const inner = isRecord(config["states"]) && depth < maxDepth ? Object.entries(config["states"]) : []
  return {
    path,
    key,
    kind: kindOf(config, inner.length),
    isInitial,
    transitions: [
      ...entriesOf(config["always"]).map((one) => transition("always", "", one)),
      ...named(config["on"]).flatMap(([event, one]) => entriesOf(one).map((each) => transition(event, event, each))),
      ...named(config["after"]).flatMap(([delay, one]) =>
        entriesOf(one).map((each) => transition(`after ${delay}`, `xstate.after.${delay}`, each))
      ),
      ...entriesOf(config["onDone"]).map((one) => transition("done", "xstate.done", one)),
      ...invokesOf(config).flatMap((invoke) => [
        ...entriesOf(invoke["onDone"]).map((one) => transition("done", "xstate.done", one)),
        ...entriesOf(invoke["onError"]).map((one) => transition("error", "xstate.error", one))
      ])
    ],
    invokes: invokesOf(config).map((invoke) => nameOf(invoke["src"]) ?? nameOf(invoke["id"]) ?? "an actor"),
    states: inner.map(([name, state]) =>
      stateOf(
        isRecord(state) ? state : {},
        name,
        path === "" ? name : `${path}.${name}`,
        config["initial"] === name,
        depth + 1
      )
    )
  }
}

const kindOf = ({ type }: Config, states: number): State["kind"] => {
  if (type === "parallel" || type === "final" || type === "history") return type
  return states > 0 ? "compound" : "atomic"
}

const named = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  isRecord(value) ? Object.entries(value) : []

/** One transition, a list of them, or nothing. */
const entriesOf = (value: unknown): ReadonlyArray<unknown> =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]

const invokesOf = ({ invoke }: Config): ReadonlyArray<Config> => entriesOf(invoke).filter(isRecord)

const transition = (on: string, event: string, value: unknown): Transition => {
  if (typeof value === "string") return { on, event, targets: [value], guard: undefined, actions: [] }
  const config = isRecord(value) ? value : {}
  return {
    on,
    event,
    targets: entriesOf(config["target"]).filter((target) => typeof target === "string"),
    guard: nameOf(config["guard"]),
    actions: entriesOf(config["actions"]).flatMap((action) => nameOf(action) ?? [])
  }
}

/** A name, or the type of an object with its parameters. */
const nameOf = (value: unknown): string | undefined => {
  if (typeof value === "string") return value
  if (!isRecord(value) || typeof value["type"] !== "string") return undefined
  const params = isRecord(value["params"]) ? Object.values(value["params"]) : []
  return [value["type"], ...params.filter((one) => typeof one === "string" || typeof one === "number")].join(" ")
}
