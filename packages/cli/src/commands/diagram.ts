/**
 * `video-tasks diagram`: the machine as a picture.
 */
import * as Diagram from "@video-tasks/core/Diagram"
import * as TaskMachine from "@video-tasks/core/TaskMachine"
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { machineSvg } from "../internal/machineSvg.ts"
import { reported } from "../internal/reported.ts"
import { Reporter } from "../internal/reporter.ts"

const formats = ["mermaid", "dot", "svg", "json"] as const

const expected = "mermaid, dot, svg or json"

type Format = (typeof formats)[number]

const format = Flag.String("format").pipe(
  Flag.mapEffect((text) => {
    const found = formats.find((one) => one === text)
    return found === undefined
      ? Effect.fail(
        new CliError.InvalidValue({ option: "format", value: text, expected, kind: "flag" })
      )
      : Effect.succeed(found)
  }),
  Flag.withDescription(expected),
  Flag.withMetavar(`<${formats.join("|")}>`),
  Flag.withDefault("mermaid" as const)
)

/** The command. */
export const diagram = Command.make(
  "diagram",
  { format },
  Effect.fn("diagram")(function*(input) {
    const reporter = yield* Reporter
    const text = draw(input.format)
    yield* reporter.result(text, { type: "diagram", format: input.format, text })
  }, reported)
).pipe(
  Command.withShortDescription("Draw the state machine of a task"),
  Command.withDescription(
    "Draw the state machine that every task lives by. The picture is made from the machine that runs, not by hand."
  ),
  Command.withExamples([
    { command: "video-tasks diagram", description: "Mermaid, for a README" },
    { command: "video-tasks diagram --format dot | dot -Tpng > machine.png", description: "A picture by Graphviz" },
    { command: "video-tasks diagram --format svg > machine.svg", description: "A picture as it is, light and dark" },
    { command: "video-tasks diagram --format json", description: "The machine's definition, for XState tools" }
  ])
)

const draw = (format: Format): string => {
  switch (format) {
    case "mermaid":
      return Diagram.toMermaid(Diagram.fromMachine(TaskMachine.machine)).trimEnd()
    case "dot":
      return Diagram.toDot(Diagram.fromMachine(TaskMachine.machine)).trimEnd()
    case "svg":
      return machineSvg.trimEnd()
    case "json":
      return JSON.stringify(Diagram.toJson(TaskMachine.machine), undefined, 2)
  }
}
