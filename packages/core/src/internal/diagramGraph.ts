/**
 * From the resolved states of a machine to nodes and edges, and what both drawings need to know about them.
 */
import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from "xstate"
import type { Arrow, Drawing, Edge, Graph, Node, Shape } from "../Diagram.ts"

/** @internal */
export const fromMachine = (machine: AnyStateMachine): Graph => {
  const nodes: Array<Node> = []
  const edges: Array<Edge> = transitionsOf(machine.root).map(toEdge)
  const visit = (state: AnyStateNode) => {
    nodes.push(toNode(state))
    edges.push(...transitionsOf(state).map(toEdge))
    childrenOf(state).forEach(visit)
  }
  childrenOf(machine.root).forEach(visit)
  return { id: machine.id, nodes, edges }
}

/**
 * Decides what is drawn: siblings that leave for the same ends under the same conditions share a box, and all edges
 * between two places are one arrow. Edges that lead nowhere else are left out.
 *
 * @internal
 */
export const drawingOf = (graph: Graph): Drawing => {
  const final = new Set(graph.nodes.filter((node) => node.kind === "final").map((node) => node.id))
  const boxes = boxesOf(graph, final)
  return { shapes: shapesOf(graph.nodes, boxes, undefined), arrows: arrowsOf(graph.edges, boxes, final) }
}

// internal

const childrenOf = (state: AnyStateNode): ReadonlyArray<AnyStateNode> => Object.values(state.states)

const transitionsOf = (state: AnyStateNode): ReadonlyArray<AnyTransitionDefinition> => [
  ...(state.always ?? []),
  ...[...state.transitions.values()].flat()
]

const idOf = (state: AnyStateNode): string => state.path.join(".")

const toNode = (state: AnyStateNode): Node => ({
  id: idOf(state),
  ...(state.path.length > 1 ? { parent: state.path.slice(0, -1).join(".") } : {}),
  kind: state.type,
  initial: state.parent?.type === "compound" && state.parent.initial.target.includes(state)
})

const toEdge = (transition: AnyTransitionDefinition): Edge => {
  const target = transition.target?.[0]
  const guard = nameOf(transition.guard)
  return {
    source: idOf(transition.source),
    ...(target === undefined ? {} : { target: idOf(target) }),
    event: transition.eventType,
    ...(guard === undefined ? {} : { guard }),
    actions: transition.actions.map(typeOf)
  }
}

const typeOf = (named: unknown): string =>
  typeof named === "object" && named !== null && "type" in named ? String(named.type) : String(named)

/** `succeededWithoutVideo` becomes `succeeded without video`; parameters follow the name. */
const nameOf = (named: unknown): string | undefined => {
  if (named === undefined) return undefined
  const hasParams = typeof named === "object" && named !== null && "params" in named
  const params = hasParams && typeof named.params === "object" ? Object.values(named.params ?? {}) : []
  return [words(typeOf(named)), ...params.map(String)].join(" ")
}

const words = (name: string): string =>
  name.replaceAll(/([a-z])([A-Z])(?=[a-z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`)

interface Box {
  readonly id: string
  readonly parent: string | undefined
  readonly members: ReadonlyArray<string>
}

const boxesOf = (graph: Graph, final: ReadonlySet<string>): ReadonlyArray<Box> => {
  const groups = new Map<string, { readonly parent: string | undefined; readonly members: Array<string> }>()
  for (const { id, kind, parent } of graph.nodes) {
    const exits = graph.edges
      .filter((edge) => edge.source === id && edge.target !== undefined && final.has(edge.target))
      .map(({ event, guard, target }) => [event, guard, target])
    if (kind !== "atomic" || exits.length === 0) continue
    const key = JSON.stringify([parent, exits])
    const group = groups.get(key) ?? { parent, members: [] }
    groups.set(key, group)
    group.members.push(id)
  }
  return [...groups.values()]
    .filter(({ members }) => members.length > 1)
    .map((group, index) => ({ ...group, id: index === 0 ? "running" : `running ${index + 1}` }))
}

const shapesOf = (
  nodes: ReadonlyArray<Node>,
  boxes: ReadonlyArray<Box>,
  parent: string | undefined
): ReadonlyArray<Shape> => {
  const drawn = new Set<Box>()
  return nodes.filter((node) => node.parent === parent).flatMap(({ id, initial, kind }): ReadonlyArray<Shape> => {
    const shape: Shape = { id, initial, kind, children: shapesOf(nodes, boxes, id) }
    const box = boxes.find((box) => box.members.includes(id))
    if (box === undefined) return [shape]
    if (drawn.has(box)) return []
    drawn.add(box)
    const children = nodes.filter((node) => box.members.includes(node.id)).map((node) => ({ ...node, children: [] }))
    return [{ id: box.id, kind: "compound", initial: children.some((child) => child.initial), children }]
  })
}

const arrowsOf = (
  edges: ReadonlyArray<Edge>,
  boxes: ReadonlyArray<Box>,
  final: ReadonlySet<string>
): ReadonlyArray<Arrow> => {
  const arrows = new Map<string, { readonly source: string; readonly target: string; readonly by: Guards }>()
  for (const { event, guard, source, target } of edges) {
    if (target === undefined || target === source) continue
    const box = final.has(target) ? boxes.find((box) => box.members.includes(source)) : undefined
    const key = JSON.stringify([box?.id ?? source, target])
    const arrow = arrows.get(key) ?? { source: box?.id ?? source, target, by: new Map<string, Set<string>>() }
    arrows.set(key, arrow)
    const guards = arrow.by.get(event) ?? new Set<string>()
    arrow.by.set(event, guards)
    if (guard !== undefined) guards.add(guard)
  }
  return [...arrows.values()].map(({ by, source, target }) => ({ source, target, label: [...by].flatMap(linesOf) }))
}

type Guards = Map<string, Set<string>>

const linesOf = ([event, guards]: readonly [string, ReadonlySet<string>]): ReadonlyArray<string> => [
  ...(event === "" ? [] : [event]),
  ...[...guards].map((guard) => `[${guard}]`)
]
