import type { Graph, Shape } from "../Diagram.ts"
import { drawingOf } from "./diagramGraph.ts"

/** @internal */
export const draw = (graph: Graph, live: string | undefined): string => {
  const { arrows, shapes } = drawingOf(graph)
  const clusters = clustersOf(shapes)
  return [
    `digraph ${quoted(graph.id)} {`,
    "  compound=true",
    "  rankdir=LR",
    "  fontname=\"Helvetica\"",
    "  node [shape=box, style=rounded, fontname=\"Helvetica\"]",
    "  edge [fontname=\"Helvetica\", fontsize=10]",
    ...block(shapes, live, "  "),
    ...arrows.map(({ label, source, target }) => {
      const look = [
        `label=${quoted(label.join("\n"))}`,
        ...(clusters.has(source) ? [`ltail=${clusterId(source)}`] : []),
        ...(clusters.has(target) ? [`lhead=${clusterId(target)}`] : [])
      ]
      const from = quoted(clusters.get(source)?.last ?? source)
      const to = quoted(clusters.get(target)?.first ?? target)
      return `  ${from} -> ${to} [${look.join(", ")}]`
    }),
    "}",
    ""
  ].join("\n")
}

// internal

const block = (shapes: ReadonlyArray<Shape>, live: string | undefined, indent: string): ReadonlyArray<string> =>
  shapes.flatMap((shape) => {
    const name = quoted(shape.id.slice(shape.id.lastIndexOf(".") + 1))
    if (shape.children.length > 0) {
      return [
        `${indent}subgraph ${clusterId(shape.id)} {`,
        `${indent}  label=${name}`,
        `${indent}  style=rounded`,
        ...block(shape.children, live, `${indent}  `),
        `${indent}}`
      ]
    }
    const id = quoted(shape.id)
    const look = [
      `label=${name}`,
      ...(shape.kind === "final" ? ["peripheries=2"] : []),
      ...(shape.id === live ? ["style=\"rounded,filled\"", "fillcolor=\"#1f6feb\"", "fontcolor=\"#ffffff\""] : [])
    ]
    const start = quoted(`start ${shape.id}`)
    return [
      `${indent}${id} [${look.join(", ")}]`,
      ...(shape.initial ? [`${indent}${start} [shape=point]`, `${indent}${start} -> ${id}`] : [])
    ]
  })

interface Ends {
  readonly first: string
  readonly last: string
}

/** An arrow of DOT ends at a node: for a cluster, its last state stands in where arrows leave, its first where they come. */
const clustersOf = (shapes: ReadonlyArray<Shape>): ReadonlyMap<string, Ends> =>
  new Map(shapes.flatMap((shape): ReadonlyArray<readonly [string, Ends]> => {
    const leaves = leavesOf(shape)
    const [first, last] = [leaves[0], leaves.at(-1)]
    return first === undefined || last === undefined || shape.children.length === 0
      ? []
      : [[shape.id, { first, last }], ...clustersOf(shape.children)]
  }))

const leavesOf = (shape: Shape): ReadonlyArray<string> =>
  shape.children.length === 0 ? [shape.id] : shape.children.flatMap(leavesOf)

const clusterId = (id: string): string => quoted(`cluster_${id}`)

const quoted = (text: string): string =>
  `"${text.replaceAll("\\", "\\\\").replaceAll("\"", "\\\"").replaceAll("\n", "\\n")}"`
