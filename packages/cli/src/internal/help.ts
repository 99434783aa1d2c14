/**
 * Help where it belongs: on stdout when it was asked for. Who used the command wrongly is told the fault, and where help is.
 */
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import type * as HelpDoc from "effect/cli/HelpDoc"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ArchiveChoice from "./archiveChoice.ts"
import * as ArchiveSettings from "./archiveSettings.ts"
import * as ExitCode from "./exitCode.ts"
import * as Globals from "./globals.ts"
import * as JsonLines from "./jsonLines.ts"
import * as KeepRequests from "./keepRequests.ts"
import { usage } from "./problem.ts"
import { program } from "./program.ts"
import { Screen } from "./screen.ts"
import { providers } from "./settings.ts"
import * as Style from "./style.ts"

/** Shows help, version and wrong use through the screen. */
export const layerHelp: Layer.Layer<never, never, Screen> = Layer.unwrap(Effect.gen(function*() {
  const screen = yield* Screen
  return CliOutput.layerPresenter({
    present: Effect.fnUntraced(function*(event) {
      if (event._tag === "Version") return yield* screen.out(`${event.name} ${event.version}`)
      const columns = Math.min(100, (yield* screen.columns) - 2)
      if (event._tag === "Help") {
        const help = formatter(screen.outStyle).formatHelpDoc(tidy(event.helpDoc, columns))
        return yield* screen.out(event.commandPath.length === 1 ? `${help}\n\n${appendix(screen.outStyle)}` : help)
      }
      yield* screen.err(faults(screen.errStyle, event))
    })
  })
}))

/** Turns wrong use into exit code 2, with a JSON line when the arguments ask for JSON. */
export const usageErrors = (args: ReadonlyArray<string>) =>
<R>(
  self: Effect.Effect<void, ExitCode.Exit | CliError.CliError, R>
): Effect.Effect<void, ExitCode.Exit, R | Screen> =>
  Effect.catch(self, (error): Effect.Effect<void, ExitCode.Exit, Screen> => {
    if (!CliError.isCliError(error)) return Effect.fail(error)
    const faults = error._tag === "ShowHelp" ? error.errors : [error]
    if (faults.length === 0) return Effect.void
    const line = JsonLines.error(usage(faults.map((fault) => fault.message).join("; ")))
    const tell = args.includes("--json") ? Screen.use((screen) => screen.out(JsonLines.format(line))) : Effect.void
    return Effect.andThen(tell, Effect.fail(new ExitCode.Exit({ code: ExitCode.ofReason.InvalidRequest })))
  })

// internal

const formatter = (style: Style.Style): CliOutput.Formatter =>
  CliOutput.defaultFormatter({ colors: style !== Style.none })

/** What is wrong, a line each, and where it is said how it is right: the whole help would hide that. */
const faults = (
  style: Style.Style,
  { commandPath: [, ...names], errors }: CliOutput.Presenter.InvalidInvocation
): string => {
  const told = errors.map(({ message }) => {
    const [first = "", ...more] = message.split("\n").filter((line) => line.trim() !== "")
    return [`${style.red("error:")} ${Style.harmless(first)}`, ...more.map(Style.harmless)].join("\n")
  })
  return [...told, `  How it is used:  ${[program, ...names].join(" ")} --help`].join("\n")
}

/** Fits help into a terminal: long lines are broken, our own options stand before those of every command. */
const tidy = (doc: HelpDoc.HelpDoc, columns: number): HelpDoc.HelpDoc => {
  const isOwn = (flag: HelpDoc.FlagDoc) => Globals.flags.some(({ id }) => id === flag.name)
  const globalFlags = doc.globalFlags?.map(shortType)
  return {
    ...doc,
    description: Style.wrap(doc.description, columns).join("\n  "),
    flags: doc.flags.map(markRequired),
    ...(globalFlags === undefined
      ? {}
      : { globalFlags: [...globalFlags.filter(isOwn), ...globalFlags.filter((flag) => !isOwn(flag))] })
  }
}

const markRequired = (flag: HelpDoc.FlagDoc): HelpDoc.FlagDoc =>
  flag.required
    ? { ...flag, description: Option.map(flag.description, (text) => `${text} (required)`) }
    : flag

/** A type that lists all its words makes the column too wide; its description can have them. */
const shortType = (flag: HelpDoc.FlagDoc): HelpDoc.FlagDoc => {
  if (flag.name === "completions") {
    return { ...flag, type: "<shell>", description: Option.some("Print completions: bash, zsh, fish, powershell") }
  }
  if (flag.name === "log-level") {
    return {
      ...flag,
      type: "<level>",
      description: Option.some("Show logs: trace, debug, info, warn (default), error, none")
    }
  }
  return flag
}

const appendix = (style: Style.Style): string => {
  const section = (title: string, rows: ReadonlyArray<ReadonlyArray<string>>, right: ReadonlyArray<number> = []) =>
    [style.bold(title), ...Style.table(rows, right).map((row) => `  ${row}`)].join("\n")
  return [
    section("ENVIRONMENT, also in a file .env of the current folder", [
      ...Object.values(providers).flatMap(({ baseUrl, key, title }) => [
        [style.green(key), `Key of ${title}`],
        [style.green(baseUrl), `Address of ${title}${key === "GENERIC_API_KEY" ? "" : ", if not its own"}`]
      ]),
      [style.green("VIDEO_TASKS_STORE"), "Where tasks are kept: a path, memory, or postgres://…"],
      [style.green(KeepRequests.variable), "false: what was asked for, such as prompts, is not kept in the store"],
      [style.green("VIDEO_TASKS_DASHBOARD_TOKEN"), "As dashboard --token; not from .env"],
      [style.green(ArchiveSettings.variable), `Where files are kept: ${ArchiveChoice.allowed}`],
      [
        style.green("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"),
        "Key of that bucket; AWS_SESSION_TOKEN where it has one"
      ],
      [style.green("AWS_REGION, AWS_ENDPOINT_URL_S3"), "Region of the bucket, address of its service if not Amazon's"],
      [style.green("OTEL_EXPORTER_OTLP_ENDPOINT, …"), "As --otlp, with all of OpenTelemetry's; not from .env"],
      [style.green("VIDEO_TASKS_TRACE_SQL"), "true: the statements of the store are sent there, too; not from .env"]
    ]),
    section("EXIT CODES", ExitCode.meanings.map(([code, meaning]) => [String(code), meaning]), [0])
  ].join("\n\n")
}
