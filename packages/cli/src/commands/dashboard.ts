/**
 * `video-tasks dashboard`: the tasks of the store, live, on a page of this machine.
 */
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { reported } from "../internal/reported.ts"

const flags = {
  port: Flag.Int("port").pipe(
    Flag.mapEffect((port) =>
      port >= 0 && port <= 65_535
        ? Effect.succeed(port)
        : Effect.fail(
          new CliError.InvalidValue({ option: "port", value: String(port), expected: "0 to 65535", kind: "flag" })
        )
    ),
    Flag.withDescription("Where to listen (4600); 0 takes any free port"),
    Flag.withDefault(4600)
  ),
  host: Flag.String("host").pipe(
    Flag.withMetavar("<address>"),
    Flag.withDescription("The address to listen on (127.0.0.1); one that others can reach needs a token"),
    Flag.withDefault("127.0.0.1")
  ),
  allowHost: Flag.String("allow-host").pipe(
    Flag.withMetavar("<name>"),
    Flag.withDescription(
      "What browsers may call this server besides its address, as they write it; may be given more than once"
    ),
    Flag.atLeast(0),
    Flag.withDefault([])
  ),
  token: Flag.String("token").pipe(
    Flag.withMetavar("<text>"),
    Flag.withDescription(
      "What opens the page, at least 16 characters, instead of a new one each time; better given as VIDEO_TASKS_DASHBOARD_TOKEN, which no list of processes shows"
    ),
    Flag.optional
  ),
  noToken: Flag.Boolean("no-token").pipe(
    Flag.withDescription("Let everybody in who has an account on this machine: they can cancel and pay, too"),
    Flag.withDefault(false),
    Flag.withoutNegation
  ),
  readOnly: Flag.Boolean("read-only").pipe(
    Flag.withDescription("Only look: nothing is followed, and the page can change nothing"),
    Flag.withDefault(false)
  ),
  maxTasks: Flag.Int("max-tasks").pipe(
    Flag.mapEffect((count) =>
      count >= 1 && count <= 100_000
        ? Effect.succeed(count)
        : Effect.fail(
          new CliError.InvalidValue({
            option: "max-tasks",
            value: String(count),
            expected: "1 to 100000",
            kind: "flag"
          })
        )
    ),
    Flag.withDescription("How many tasks the page shows at most (10,000); those that ended longest ago are left out"),
    Flag.withDefault(10_000)
  ),
  hidePrompts: Flag.Boolean("hide-prompts").pipe(
    Flag.withDescription("Show no prompts"),
    Flag.withDefault(false)
  ),
  demo: Flag.Boolean("demo").pipe(
    Flag.withDescription("Show a steady flow of simulated tasks instead of a store: nothing is paid"),
    Flag.withDefault(false)
  )
}

/** The command. */
export const dashboard = Command.make(
  "dashboard",
  flags,
  Effect.fn("dashboard")(function*(input) {
    const { show } = yield* Effect.promise(() => import("../internal/dashboard.ts"))
    return yield* show(input)
  }, reported)
).pipe(
  Command.withShortDescription("See all tasks live on a page of this machine"),
  Command.withDescription(
    "Serve a page on this machine that shows the tasks of the store live, whichever process follows them, and follow what is unfinished, as resume does. The address that is printed holds a token, new each time, since every user of this machine can reach the port. With --read-only it only looks: it asks no provider by itself, the page can change nothing, and no token is made; nor with --demo, which holds nothing of worth. Ctrl-C ends it; the tasks go on at their providers."
  ),
  Command.withExamples([
    { command: "video-tasks dashboard", description: "Open the address that it prints" },
    { command: "video-tasks dashboard --demo", description: "With simulated tasks, without a key" },
    { command: "video-tasks dashboard --read-only --port 0", description: "Beside another process that does the work" }
  ])
)
