/**
 * Draws a state machine as SVG: elkjs lays it out here, so that nobody needs a layout engine at run time.
 *
 * States have `data-state`, arrows `data-edge="FROM->TO"` (several, apart by spaces, where states share an arrow), so that
 * a page lights them with its own CSS. There is no `style` attribute, and presentation attributes alone draw it well.
 */
import { Diagram } from "@video-tasks/core"
import ElkModule, { type ELK, type ElkExtendedEdge, type ElkNode, type ElkPoint } from "elkjs/lib/elk.bundled.js"

// Its types describe a default export of CommonJS, which Node hands over as it is.
const Elk = ElkModule as unknown as new() => ELK

const mono = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"

const nodeHeight = 40
const lineHeight = 15
/** Of a monospaced font of 11 px; 0.6 em, and a little air. */
const labelCharWidth = 6.8
/** Of a semibold font of 13 px with wide letters. */
const nameCharWidth = 9.6

const layoutOptions = {
  "elk.algorithm": "layered",
  "elk.direction": "RIGHT",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.edgeCoords": "ROOT",
  "elk.json.shapeCoords": "ROOT",
  "elk.padding": "[top=16,left=16,bottom=16,right=16]",
  "elk.spacing.nodeNode": "28",
  "elk.spacing.edgeLabel": "4",
  "elk.spacing.edgeEdge": "18",
  "elk.spacing.edgeNode": "22",
  "elk.layered.spacing.nodeNodeBetweenLayers": "26",
  "elk.layered.spacing.edgeNodeBetweenLayers": "18",
  "elk.layered.spacing.edgeEdgeBetweenLayers": "12",
  "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
  // The ends from top to bottom in the order of the machine.
  "elk.layered.crossingMinimization.forceNodeModelOrder": "true"
}

/** A node that stands for the dot from which an arrow leads to where the machine starts. */
const startOf = (id: string): string => `start ${id}`

const nameOf = (id: string): string => id.slice(id.lastIndexOf(".") + 1)

const toNodes = (shape: Diagram.Shape): ReadonlyArray<ElkNode> => [
  // A box starts where one of its states does: one dot is enough, and it stands next to the state.
  ...(shape.initial && shape.children.length === 0 ? [{ id: startOf(shape.id), width: 14, height: 14 }] : []),
  shape.children.length === 0
    ? { id: shape.id, width: Math.max(122, nameOf(shape.id).length * nameCharWidth + 28), height: nodeHeight }
    : {
      id: shape.id,
      layoutOptions: { "elk.padding": "[top=40,left=20,bottom=20,right=20]" },
      children: shape.children.flatMap(toNodes)
    }
]

const startsOf = (shapes: ReadonlyArray<Diagram.Shape>): ReadonlyArray<string> =>
  shapes.flatMap((shape) => [
    ...(shape.initial && shape.children.length === 0 ? [shape.id] : []),
    ...startsOf(shape.children)
  ])

const toEdge = ({ label, source, target }: Diagram.Arrow, index: number): ElkExtendedEdge => ({
  id: `edge ${index}`,
  sources: [source],
  targets: [target],
  labels: [{
    text: label.join("\n"),
    width: Math.max(...label.map((line) => line.length)) * labelCharWidth,
    height: label.length * lineHeight
  }]
})

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

const round = (value: number | undefined): string => String(Math.round((value ?? 0) * 10) / 10)

const leavesOf = (shape: Diagram.Shape): ReadonlyArray<string> =>
  shape.children.length === 0 ? [shape.id] : shape.children.flatMap(leavesOf)

const flat = (shapes: ReadonlyArray<Diagram.Shape>): ReadonlyArray<Diagram.Shape> =>
  shapes.flatMap((shape) => [shape, ...flat(shape.children)])

/** Takes out steps of a few pixels, which look like mistakes: the line keeps the height at which it ends. */
const withoutKinks = (points: ReadonlyArray<ElkPoint>): ReadonlyArray<ElkPoint> => {
  const end = points.at(-1)
  if (end === undefined) return points
  const straight = points.map((point) => Math.abs(point.y - end.y) < 4 ? { x: point.x, y: end.y } : point)
  return straight.filter((point, index) => {
    const [before, after] = [straight[index - 1], straight[index + 1]]
    return before === undefined || after === undefined || before.y !== point.y || after.y !== point.y
  })
}

/** An orthogonal line with round corners. */
const pathOf = (points: ReadonlyArray<ElkPoint>): string => {
  const radius = 6
  return points.map((point, index) => {
    const [before, after] = [points[index - 1], points[index + 1]]
    if (before === undefined) return `M${round(point.x)} ${round(point.y)}`
    if (after === undefined) return `L${round(point.x)} ${round(point.y)}`
    const towards = (to: ElkPoint): string => {
      const length = Math.hypot(to.x - point.x, to.y - point.y)
      const share = Math.min(radius, length / 2) / (length === 0 ? 1 : length)
      return `${round(point.x + (to.x - point.x) * share)} ${round(point.y + (to.y - point.y) * share)}`
    }
    return `L${towards(before)}Q${round(point.x)} ${round(point.y)} ${towards(after)}`
  }).join("")
}

const drawShape = (shape: Diagram.Shape, places: ReadonlyMap<string, ElkNode>): ReadonlyArray<string> => {
  const { height, width, x, y } = places.get(shape.id) ?? { id: shape.id }
  const box = (inset: number, look: string, radius: number): string =>
    `<rect ${look} x="${round((x ?? 0) + inset)}" y="${round((y ?? 0) + inset)}" width="${
      round((width ?? 0) - 2 * inset)
    }"` +
    ` height="${round((height ?? 0) - 2 * inset)}" rx="${radius}" fill="none" stroke="currentColor"`
  if (shape.children.length > 0) {
    return [
      `<g class="vt-box">`,
      `  ${box(0, "class=\"vt-frame\"", 14)} stroke-opacity="0.45" stroke-dasharray="5 4"/>`,
      `  <text class="vt-box-name" x="${round((x ?? 0) + 20)}" y="${round((y ?? 0) + 25)}" font-size="12" ` +
      `fill="currentColor" fill-opacity="0.7">${escaped(nameOf(shape.id))}</text>`,
      `</g>`,
      ...shape.children.flatMap((child) => drawShape(child, places))
    ]
  }
  const name = escaped(nameOf(shape.id))
  const isFinal = shape.kind === "final"
  return [
    `<g class="vt-state${isFinal ? " vt-final" : ""}" data-state="${escaped(shape.id)}">`,
    `  <title>${name}${isFinal ? " (an end)" : ""}</title>`,
    `  ${box(0, "class=\"vt-shape\"", 10)} stroke-width="1.5"/>`,
    ...(isFinal ? [`  ${box(4, "class=\"vt-inner\"", 7)} stroke-opacity="0.45"/>`] : []),
    `  <text class="vt-name" x="${round((x ?? 0) + (width ?? 0) / 2)}" y="${
      round((y ?? 0) + (height ?? 0) / 2 + 4.5)
    }" ` +
    `text-anchor="middle" font-size="13" font-weight="600" fill="currentColor">${name}</text>`,
    `</g>`
  ]
}

const drawStart = (id: string, places: ReadonlyMap<string, ElkNode>, edge: ElkExtendedEdge): ReadonlyArray<string> => {
  const { height = 0, width = 0, x = 0, y = 0 } = places.get(startOf(id)) ?? { id }
  return [
    `<g class="vt-start" data-state="starting" data-edge="starting->${escaped(id)}">`,
    "  <title>start</title>",
    `  <circle cx="${round(x + width / 2)}" cy="${round(y + height / 2)}" r="6" fill="currentColor"/>`,
    `  ${line(edge)}`,
    "</g>"
  ]
}

const line = (edge: ElkExtendedEdge): string => {
  const [section] = edge.sections ?? []
  if (section === undefined) throw new Error(`${edge.id} was not laid out`)
  const points = withoutKinks([section.startPoint, ...(section.bendPoints ?? []), section.endPoint])
  return `<path class="vt-line" d="${pathOf(points)}" fill="none" stroke="currentColor" stroke-opacity="0.7" ` +
    `stroke-width="1.25" marker-end="url(#vt-arrow)"/>`
}

const drawArrow = (
  arrow: Diagram.Arrow,
  edge: ElkExtendedEdge,
  shapes: ReadonlyArray<Diagram.Shape>
): ReadonlyArray<string> => {
  const from = flat(shapes).find((shape) => shape.id === arrow.source)
  const edges = (from === undefined ? [arrow.source] : leavesOf(from)).map((leaf) => `${leaf}->${arrow.target}`)
  const [label] = edge.labels ?? []
  return [
    `<g class="vt-edge" data-edge="${escaped(edges.join(" "))}">`,
    `  <title>${escaped(`${arrow.source} to ${arrow.target}: ${arrow.label.join(" ")}`)}</title>`,
    `  ${line(edge)}`,
    ...arrow.label.map((text, index) =>
      `  <text class="${text.startsWith("[") ? "vt-guard" : "vt-event"}" font-family="${mono}" x="${
        round(label?.x)
      }" ` +
      `y="${round((label?.y ?? 0) + index * lineHeight + 11)}" font-size="11" fill="currentColor" ` +
      `fill-opacity="${text.startsWith("[") ? "0.7" : "0.95"}">${escaped(text)}</text>`
    ),
    "</g>"
  ]
}

/** For a picture on its own. A page that holds the elements has a style sheet of its own. */
const style = `  <style>
    svg { color: #1f2328; background: #ffffff }
    .vt-shape { fill: #f6f8fa }
    @media (prefers-color-scheme: dark) {
      svg { color: #e6edf3; background: #0d1117 }
      .vt-shape { fill: #161b22 }
    }
  </style>`

/** Draws a graph; `isAlone` for a file that is looked at by itself, else for the inside of a page. */
export const toSvg = async (graph: Diagram.Graph, options: { readonly isAlone: boolean }): Promise<string> => {
  const { arrows, shapes } = Diagram.toDrawing(graph)
  const starts = startsOf(shapes)
  const laidOut: ElkNode = await new Elk().layout({
    id: "root",
    layoutOptions,
    children: shapes.flatMap(toNodes),
    edges: [
      ...arrows.map(toEdge),
      ...starts.map((id) => ({ id: startOf(id), sources: [startOf(id)], targets: [id] }))
    ]
  })
  const places = new Map<string, ElkNode>()
  const collect = (node: ElkNode): void => {
    places.set(node.id, node)
    node.children?.forEach(collect)
  }
  collect(laidOut)
  const edgeOf = (id: string): ElkExtendedEdge => {
    const edge = laidOut.edges?.find((edge) => edge.id === id)
    if (edge === undefined) throw new Error(`${id} was not laid out`)
    return edge
  }
  const [width, height] = [round(laidOut.width), round(laidOut.height)]
  const ends = graph.nodes.filter((node) => node.kind === "final").map((node) => node.id)
  const [first] = starts
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="vt-machine" viewBox="0 0 ${width} ${height}" width="${width}" ` +
    `height="${height}" role="img" aria-label="${
      escaped(`The states of ${graph.id}: starts in ${first ?? "no state"}, ends in ${ends.join(", ")}`)
    }" font-family="ui-sans-serif, system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">`,
    ...(options.isAlone ? [style] : []),
    "  <defs>",
    "    <marker id=\"vt-arrow\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" " +
    "orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path d=\"M0 0.5L8 4L0 7.5Z\" fill=\"context-stroke\"/></marker>",
    "  </defs>",
    ...[
      ...shapes.flatMap((shape) => drawShape(shape, places)),
      ...arrows.flatMap((arrow, index) => drawArrow(arrow, edgeOf(`edge ${index}`), shapes)),
      ...starts.flatMap((id) => drawStart(id, places, edgeOf(startOf(id))))
    ].map((text) => `  ${text}`),
    "</svg>",
    ""
  ].join("\n")
}
