import type { Arrow, Graph, Shape } from "../Diagram.ts"
import { drawingOf } from "./diagramGraph.ts"

/** @internal */
export const draw = (graph: Graph, live: string | undefined): string => {
  const { arrows, shapes } = drawingOf(graph)
  const ends = graph.nodes.filter((node) => node.kind === "final").map((node) => idOf(node.id))
  return [
    "stateDiagram-v2",
    "  direction LR",
    ...block(shapes, arrows, "  "),
    ...arrows.filter((arrow) => !shapes.some((shape) => holds(shape, arrow))).map((arrow) => `  ${lineOf(arrow)}`),
    ...(ends.length === 0 ? [] : ["  classDef ended stroke-width:3px", `  class ${ends.join(",")} ended`]),
    ...(live === undefined ? [] : [`  classDef live ${liveStyle}`, `  class ${idOf(live)} live`]),
    ""
  ].join("\n")
}

// internal

const liveStyle = "fill:#1f6feb,stroke:#1f6feb,color:#ffffff"

const block = (
  shapes: ReadonlyArray<Shape>,
  arrows: ReadonlyArray<Arrow>,
  indent: string,
  separator?: string
): ReadonlyArray<string> =>
  shapes.flatMap((shape, index) => [
    ...(separator !== undefined && index > 0 ? [indent + separator] : []),
    ...declaration(shape).map((line) => indent + line),
    ...(shape.initial ? [`${indent}[*] --> ${idOf(shape.id)}`] : []),
    ...(shape.children.length === 0 ? [] : [
      `${indent}state ${idOf(shape.id)} {`,
      ...block(shape.children, arrows, `${indent}  `, shape.kind === "parallel" ? "--" : undefined),
      // Mermaid places a state where it first meets it, so an arrow between two children is drawn among them.
      ...arrows
        .filter((arrow) => holds(shape, arrow) && !shape.children.some((child) => holds(child, arrow)))
        .map((arrow) => `${indent}  ${lineOf(arrow)}`),
      `${indent}}`
    ])
  ])

const declaration = (shape: Shape): ReadonlyArray<string> => {
  const id = idOf(shape.id)
  const name = shape.id.slice(shape.id.lastIndexOf(".") + 1)
  if (name !== id) return [`state "${escaped(name)}" as ${id}`]
  return shape.children.length === 0 ? [id] : []
}

const holds = (shape: Shape, arrow: Arrow): boolean => has(shape, arrow.source) && has(shape, arrow.target)

const has = (shape: Shape, id: string): boolean => shape.children.some((child) => child.id === id || has(child, id))

const lineOf = ({ label, source, target }: Arrow): string =>
  `${idOf(source)} --> ${idOf(target)}${label.length === 0 ? "" : ` : ${label.map(escaped).join("<br/>")}`}`

/** Mermaid takes letters, digits and underscores in an id; everything else becomes its code. */
const idOf = (id: string): string => id.replaceAll(/\W/g, (char) => `_${char.codePointAt(0)?.toString(16)}_`)

const escaped = (text: string): string => text.replaceAll(/["#:;<>%]/g, (char) => `#${char.codePointAt(0)};`)
