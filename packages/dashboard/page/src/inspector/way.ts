/**
 * Which of the ways of a machine a step took.
 */
import { leadsTo, type State, type Transition } from "./definition.ts"
import type { Edge } from "./log.ts"

/** The transition that a step took; `undefined` when several may have been it, since nobody tells which guard let it through. */
export const wayOf = (machine: State, edge: Edge): Transition | undefined => {
  const ways = waysOf(machine, edge)
  return ways.length === 1 ? ways[0] : undefined
}

// internal

const waysOf = (state: State, edge: Edge): ReadonlyArray<Transition> => [
  ...(state.path === "" || edge.from.includes(state.path)
    ? state.transitions.filter((one) => isCalled(one, edge) && leadsTo(one, edge.to))
    : []),
  ...state.states.flatMap((inner) => waysOf(inner, edge))
]

const isCalled = ({ event }: Transition, edge: Edge): boolean =>
  event === "" || edge.event === event || edge.event.startsWith(`${event}.`)
