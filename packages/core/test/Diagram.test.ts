import { assert, describe, it } from "@effect/vitest"
import { Diagram, TaskMachine, TaskStatus } from "@video-tasks/core"
import { createMachine } from "xstate"

const graph = Diagram.fromMachine(TaskMachine.machine)

/** A machine with everything that the task machine has not: nesting, regions, history, names that need escaping. */
const nested = createMachine({
  id: "a \"quoted\" id",
  initial: "idle: #1",
  states: {
    "idle: #1": { always: { guard: "isReady", target: "work" } },
    work: {
      initial: "left",
      states: {
        left: { on: { "go <right>; now": "right" } },
        right: { on: { back: "left", out: "#a \"quoted\" id.both" } }
      },
      on: { stop: "over", stay: { actions: "note" } }
    },
    both: {
      type: "parallel",
      states: {
        up: { initial: "one", states: { one: {} } },
        down: { initial: "two", states: { two: {} } }
      },
      on: { resume: "again" }
    },
    again: { type: "history", target: "work" },
    over: { type: "final" }
  }
})

describe("Diagram", () => {
  describe("fromMachine", () => {
    it("has every state of the task machine, and where it starts", () => {
      assert.deepStrictEqual<ReadonlyArray<Diagram.Node>>(graph.nodes, [
        ...TaskStatus.running.map((id) => ({ id, kind: "atomic" as const, initial: id === "SUBMITTED" })),
        ...TaskStatus.terminal.map((id) => ({ id, kind: "final" as const, initial: false }))
      ])
    })

    it("has every transition, with its condition in words and its actions", () => {
      assert.deepStrictEqual(
        graph.edges.filter((edge) => edge.source === "SUBMITTED" && edge.target === "IN_PROGRESS"),
        [
          {
            source: "SUBMITTED",
            target: "IN_PROGRESS",
            event: "task.observed",
            guard: "succeeded without video",
            actions: ["refine", "countMissingVideo"]
          },
          {
            source: "SUBMITTED",
            target: "IN_PROGRESS",
            event: "task.observed",
            guard: "reports IN_PROGRESS",
            actions: ["refine"]
          }
        ]
      )
      assert.deepStrictEqual(graph.edges.filter((edge) => edge.target === undefined), [
        { source: "SUBMITTED", event: "task.observed", actions: ["refine"] },
        { source: "IN_PROGRESS", event: "task.observed", guard: "reports SUBMITTED", actions: [] },
        { source: "IN_PROGRESS", event: "task.observed", actions: ["refine"] }
      ])
    })

    it("reaches every end from every running state, and leaves none", () => {
      for (const source of TaskStatus.running) {
        const reached = new Set(graph.edges.filter((edge) => edge.source === source).map((edge) => edge.target))
        for (const end of TaskStatus.terminal) assert.isTrue(reached.has(end), `${source} to ${end}`)
      }
      assert.deepStrictEqual(graph.edges.filter((edge) => TaskStatus.terminal.some((end) => end === edge.source)), [])
    })

    it("knows nested states, regions, history and transitions without an event", () => {
      const { edges, id, nodes } = Diagram.fromMachine(nested)
      assert.strictEqual(id, "a \"quoted\" id")
      assert.deepStrictEqual(nodes.map((node) => [node.id, node.parent, node.kind, node.initial]), [
        ["idle: #1", undefined, "atomic", true],
        ["work", undefined, "compound", false],
        ["work.left", "work", "atomic", true],
        ["work.right", "work", "atomic", false],
        ["both", undefined, "parallel", false],
        ["both.up", "both", "compound", false],
        ["both.up.one", "both.up", "atomic", true],
        ["both.down", "both", "compound", false],
        ["both.down.two", "both.down", "atomic", true],
        ["again", undefined, "history", false],
        ["over", undefined, "final", false]
      ])
      assert.deepStrictEqual(edges[0], {
        source: "idle: #1",
        target: "work",
        event: "",
        guard: "is ready",
        actions: []
      })
    })
  })

  describe("toDrawing", () => {
    it("boxes the running states of a task, which share an arrow to each end", () => {
      const { arrows, shapes } = Diagram.toDrawing(graph)
      assert.deepStrictEqual(
        shapes.map((shape) => [shape.id, shape.children.map((child) => child.id)]),
        [["running", [...TaskStatus.running]], ...TaskStatus.terminal.map((id) => [id, []])]
      )
      assert.deepStrictEqual(
        new Set(arrows.map(({ source, target }) => `${source} ${target}`)),
        new Set(["SUBMITTED IN_PROGRESS", ...TaskStatus.terminal.map((id) => `running ${id}`)])
      )
    })
  })

  describe("toMermaid", () => {
    it("draws the task machine", () => {
      assert.strictEqual(
        Diagram.toMermaid(graph),
        `stateDiagram-v2
  direction LR
  [*] --> running
  state running {
    SUBMITTED
    [*] --> SUBMITTED
    IN_PROGRESS
    SUBMITTED --> IN_PROGRESS : task.observed<br/>[succeeded without video]<br/>[reports IN_PROGRESS]
  }
  SUCCESS
  FAILED
  ERROR
  CANCELLED
  EXPIRED
  running --> SUCCESS : task.observed<br/>[succeeded]
  running --> FAILED : task.observed<br/>[reports FAILED]
  running --> ERROR : task.observed<br/>[reports ERROR]<br/>task.lost
  running --> CANCELLED : task.observed<br/>[reports CANCELLED]<br/>task.cancelled
  running --> EXPIRED : task.observed<br/>[reports EXPIRED]<br/>task.expired
  classDef ended stroke-width:3px
  class SUCCESS,FAILED,ERROR,CANCELLED,EXPIRED ended
`
      )
    })

    it("highlights the live state, and changes nothing else", () => {
      const live = Diagram.toMermaid(graph, { live: "FAILED" })
      assert.strictEqual(
        live.slice(Diagram.toMermaid(graph).length),
        "  classDef live fill:#1f6feb,stroke:#1f6feb,color:#ffffff\n  class FAILED live\n"
      )
      assert.isTrue(live.startsWith(Diagram.toMermaid(graph)))
    })

    it("escapes names and labels, nests states and separates regions", () => {
      assert.strictEqual(
        Diagram.toMermaid(Diagram.fromMachine(nested)),
        `stateDiagram-v2
  direction LR
  state "idle#58; #35;1" as idle_3a__20__23_1
  [*] --> idle_3a__20__23_1
  state work {
    state "left" as work_2e_left
    [*] --> work_2e_left
    state "right" as work_2e_right
    work_2e_left --> work_2e_right : go #60;right#62;#59; now
    work_2e_right --> work_2e_left : back
  }
  state both {
    state "up" as both_2e_up
    state both_2e_up {
      state "one" as both_2e_up_2e_one
      [*] --> both_2e_up_2e_one
    }
    --
    state "down" as both_2e_down
    state both_2e_down {
      state "two" as both_2e_down_2e_two
      [*] --> both_2e_down_2e_two
    }
  }
  again
  over
  idle_3a__20__23_1 --> work : [is ready]
  work --> over : stop
  work_2e_right --> both : out
  both --> again : resume
  classDef ended stroke-width:3px
  class over ended
`
      )
    })
  })

  describe("toDot", () => {
    it("draws the task machine", () => {
      assert.strictEqual(
        Diagram.toDot(graph, { live: "SUBMITTED" }),
        `digraph "videoTask" {
  compound=true
  rankdir=LR
  fontname="Helvetica"
  node [shape=box, style=rounded, fontname="Helvetica"]
  edge [fontname="Helvetica", fontsize=10]
  subgraph "cluster_running" {
    label="running"
    style=rounded
    "SUBMITTED" [label="SUBMITTED", style="rounded,filled", fillcolor="#1f6feb", fontcolor="#ffffff"]
    "start SUBMITTED" [shape=point]
    "start SUBMITTED" -> "SUBMITTED"
    "IN_PROGRESS" [label="IN_PROGRESS"]
  }
  "SUCCESS" [label="SUCCESS", peripheries=2]
  "FAILED" [label="FAILED", peripheries=2]
  "ERROR" [label="ERROR", peripheries=2]
  "CANCELLED" [label="CANCELLED", peripheries=2]
  "EXPIRED" [label="EXPIRED", peripheries=2]
  "IN_PROGRESS" -> "SUCCESS" [label="task.observed\\n[succeeded]", ltail="cluster_running"]
  "SUBMITTED" -> "IN_PROGRESS" [label="task.observed\\n[succeeded without video]\\n[reports IN_PROGRESS]"]
  "IN_PROGRESS" -> "FAILED" [label="task.observed\\n[reports FAILED]", ltail="cluster_running"]
  "IN_PROGRESS" -> "ERROR" [label="task.observed\\n[reports ERROR]\\ntask.lost", ltail="cluster_running"]
  "IN_PROGRESS" -> "CANCELLED" [label="task.observed\\n[reports CANCELLED]\\ntask.cancelled", ltail="cluster_running"]
  "IN_PROGRESS" -> "EXPIRED" [label="task.observed\\n[reports EXPIRED]\\ntask.expired", ltail="cluster_running"]
}
`
      )
    })

    it("quotes names, and draws nested states as clusters", () => {
      const dot = Diagram.toDot(Diagram.fromMachine(nested))
      assert.strictEqual(dot.split("\n")[0], "digraph \"a \\\"quoted\\\" id\" {")
      assert.include(dot, "\"idle: #1\" -> \"work.left\" [label=\"[is ready]\", lhead=\"cluster_work\"]")
      assert.include(dot, "\"work.right\" -> \"over\" [label=\"stop\", ltail=\"cluster_work\"]")
    })
  })

  describe("toJson", () => {
    it("is the configuration, from which the same graph can be made", () => {
      const json = Diagram.toJson(TaskMachine.machine)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(json)), json)
      assert.deepStrictEqual(Diagram.fromMachine(createMachine(json as {})), graph)
      assert.deepStrictEqual(
        Diagram.fromMachine(createMachine(Diagram.toJson(nested) as {})),
        Diagram.fromMachine(nested)
      )
    })
  })
})
