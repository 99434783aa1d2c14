/**
 * `video-tasks worker`: serves a share of the tasks of a database, together with others.
 */
import * as CliError from "effect/cli/CliError"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Durations from "../internal/duration.ts"
import * as HostPort from "../internal/hostPort.ts"
import { reported } from "../internal/reported.ts"

const invalid = (option: string, value: string, expected: string) =>
  new CliError.InvalidValue({ option, value, expected, kind: "flag" })

const hostPort = (name: string) =>
  Flag.String(name).pipe(
    Flag.mapEffect((text) => {
      const parsed = HostPort.parse(text)
      return parsed === undefined ? Effect.fail(invalid(name, text, HostPort.allowed)) : Effect.succeed(parsed)
    }),
    Flag.withMetavar("<host:port>")
  )

const duration = (name: string) =>
  Flag.String(name).pipe(
    Flag.mapEffect((text) => {
      const parsed = Durations.parse(text)
      return parsed === undefined ? Effect.fail(invalid(name, text, Durations.allowed)) : Effect.succeed(parsed)
    }),
    Flag.withMetavar("<duration>")
  )

const inRange = (name: string, low: number, high: number) => (value: number) =>
  value >= low && value <= high
    ? Effect.succeed(value)
    : Effect.fail(invalid(name, String(value), `${low} to ${high}`))

const flags = {
  listen: hostPort("listen").pipe(
    Flag.withDescription("Where the other workers reach this one; never open it to anybody else"),
    Flag.withDefault({ host: "127.0.0.1", port: 4700 })
  ),
  address: hostPort("address").pipe(
    Flag.withDescription("What the others call it, where that is not what it listens on (0.0.0.0, a container)"),
    Flag.optional
  ),
  metrics: hostPort("metrics").pipe(
    Flag.withDescription("Answer /health, /ready and /metrics here; a port alone is one of this machine"),
    Flag.optional
  ),
  buckets: Flag.Int("buckets").pipe(
    Flag.mapEffect(inRange("buckets", 1, 4096)),
    Flag.withDescription(
      "In how many shares the tasks are dealt out; the first worker fixes it for good (the number of the database, or 32)"
    ),
    Flag.optional
  ),
  grace: duration("grace").pipe(
    Flag.withDescription("How long requests in flight may take when it stops, less than --lock-expiration (15s)"),
    Flag.optional
  ),
  lockExpiration: duration("lock-expiration").pipe(
    Flag.withDescription("After what silence the others take over, 5s to 10m, the same for all (35s)"),
    Flag.optional
  ),
  rate: Flag.Finite("rate").pipe(
    Flag.mapEffect(inRange("rate", 0.01, 100_000)),
    Flag.withDescription("Requests per second and account, over all workers (50)"),
    Flag.optional
  ),
  concurrency: Flag.Int("concurrency").pipe(
    Flag.mapEffect(inRange("concurrency", 1, 100_000)),
    Flag.withDescription("Requests at the same time and account, over all workers (16)"),
    Flag.optional
  )
}

/** The command. */
export const worker = Command.make(
  "worker",
  flags,
  Effect.fn("worker")(function*(input) {
    const { work } = yield* Effect.promise(() => import("../internal/worker.ts"))
    return yield* work({
      listen: input.listen,
      address: Option.getOrUndefined(input.address),
      metrics: Option.getOrUndefined(input.metrics),
      buckets: Option.getOrUndefined(input.buckets),
      grace: Option.getOrUndefined(input.grace),
      lockExpiration: Option.getOrUndefined(input.lockExpiration),
      rate: Option.getOrUndefined(input.rate),
      concurrency: Option.getOrUndefined(input.concurrency)
    })
  }, reported)
).pipe(
  Command.withShortDescription("Work on the tasks of a database, together with other machines"),
  Command.withDescription(
    "Follow every unfinished task of a PostgreSQL store, together with the other workers on it: each serves a share, and when one dies the others take over. The providers are those whose keys are set; give all workers the same. Tasks come from anywhere: `video-tasks create --store postgres://…` needs no worker. SIGTERM, Ctrl-C or a terminal that closes hands the share over, finishes requests in flight and exits with 0; a second SIGTERM or Ctrl-C ends it at once."
  ),
  Command.withExamples([
    {
      command: "video-tasks worker --store postgres://db/videos --metrics 9464",
      description: "One worker, with its health on http://127.0.0.1:9464/health"
    },
    {
      command: "video-tasks worker --store postgres://db/videos --listen 10.0.0.5:4700",
      description: "Reached by workers of other machines"
    },
    {
      command: "video-tasks worker --listen 0.0.0.0:4700 --address \"$POD_IP:4700\" --metrics 0.0.0.0:9464",
      description: "In a container, with the store in VIDEO_TASKS_STORE"
    }
  ])
)
