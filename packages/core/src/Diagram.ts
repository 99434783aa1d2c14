/**
 * Pictures of a state machine, made from the machine itself: machine → graph → Mermaid, DOT or JSON.
 *
 * Pure text, without a layout engine. States that leave for the same ends under the same conditions are drawn in one
 * box, so that the picture has one arrow for what would otherwise be many.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import type { AnyStateMachine } from "xstate"
import * as dot from "./internal/diagramDot.ts"
import * as model from "./internal/diagramGraph.ts"
import * as mermaid from "./internal/diagramMermaid.ts"
import type { TaskStatus } from "./TaskStatus.ts"

/**
 * A state of the picture.
 *
 * @category models
 * @since 0.1.0
 */
export interface Node {
  /** The name of the state; of a nested one, the path to it, joined by dots. */
  readonly id: string
  /** The state that holds it; absent at the top. */
  readonly parent?: string | undefined
  readonly kind: "atomic" | "compound" | "parallel" | "final" | "history"
  /** Whether its parent, or the machine, starts here. */
  readonly initial: boolean
}

/**
 * A transition of the picture.
 *
 * @category models
 * @since 0.1.0
 */
export interface Edge {
  readonly source: string
  /** Absent when the machine stays where it is without leaving. */
  readonly target?: string | undefined
  /** The event's type; empty for a transition that needs no event. */
  readonly event: string
  /** The condition in words, for example `reports FAILED`. */
  readonly guard?: string | undefined
  /** The names of the actions, in order. */
  readonly actions: ReadonlyArray<string>
}

/**
 * A machine as nodes and edges, in the order of its definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Graph {
  /** The id of the machine. */
  readonly id: string
  readonly nodes: ReadonlyArray<Node>
  /** Sorted by priority: of several edges of one source and event, the first whose guard holds is taken. */
  readonly edges: ReadonlyArray<Edge>
}

/**
 * A state as it is drawn, with what stands inside it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Shape extends Omit<Node, "parent"> {
  readonly children: ReadonlyArray<Shape>
}

/**
 * All edges between two places, drawn as one, and the lines of their label.
 *
 * @category models
 * @since 0.1.0
 */
export interface Arrow {
  readonly source: string
  readonly target: string
  readonly label: ReadonlyArray<string>
}

/**
 * What a picture shows of a graph.
 *
 * @category models
 * @since 0.1.0
 */
export interface Drawing {
  readonly shapes: ReadonlyArray<Shape>
  readonly arrows: ReadonlyArray<Arrow>
}

/**
 * How to draw.
 *
 * @category options
 * @since 0.1.0
 */
export interface DrawOptions {
  /** The state to highlight, for example the one in which a task is now. */
  readonly live?: TaskStatus | undefined
}

/**
 * Reads the graph of a machine from its resolved states.
 *
 * **Example** (Counting the ends of a task)
 *
 * ```ts import.meta.vitest
 * import { Diagram, TaskMachine } from "@video-tasks/core"
 *
 * const graph = Diagram.fromMachine(TaskMachine.machine)
 * graph.nodes.filter((node) => node.kind === "final").length // => 5
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromMachine = (machine: AnyStateMachine): Graph => model.fromMachine(machine)

/**
 * Decides what a picture shows, for those who lay it out themselves: siblings that leave for the same ends under the same
 * conditions share a box, and all edges between two places are one arrow. Edges that lead nowhere else are left out.
 *
 * @category converting
 * @since 0.1.0
 */
export const toDrawing = (self: Graph): Drawing => model.drawingOf(self)

/**
 * Draws a graph as a Mermaid state diagram, for READMEs and pages.
 *
 * **Example** (A task in progress)
 *
 * ```ts import.meta.vitest
 * import { Diagram, TaskMachine } from "@video-tasks/core"
 *
 * const text = Diagram.toMermaid(Diagram.fromMachine(TaskMachine.machine), { live: "IN_PROGRESS" })
 * text.split("\n")[0] // => "stateDiagram-v2"
 * text.includes("class IN_PROGRESS live") // => true
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toMermaid = (self: Graph, options?: DrawOptions): string => mermaid.draw(self, options?.live)

/**
 * Draws a graph in the DOT language of Graphviz.
 *
 * **Example** (The first line)
 *
 * ```ts import.meta.vitest
 * import { Diagram, TaskMachine } from "@video-tasks/core"
 *
 * Diagram.toDot(Diagram.fromMachine(TaskMachine.machine)).split("\n")[0] // => "digraph \"videoTask\" {"
 * ```
 *
 * @category converting
 * @since 0.1.0
 */
export const toDot = (self: Graph, options?: DrawOptions): string => dot.draw(self, options?.live)

/**
 * Returns the configuration of a machine as plain JSON, for tools that draw or simulate XState machines.
 *
 * **Details**
 *
 * `createMachine(toJson(machine))` has the same graph: guards and actions are names.
 *
 * @category converting
 * @since 0.1.0
 */
export const toJson = (machine: AnyStateMachine): Schema.Json => JSON.parse(JSON.stringify(machine.config))
