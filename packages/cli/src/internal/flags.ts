/**
 * Flags that several commands share.
 */
import * as Flag from "effect/cli/Flag"
import type * as Option from "effect/Option"
import { type ProviderId, providerIds } from "./settings.ts"

const anyProvider = Flag.Literals("provider", providerIds as readonly [ProviderId, ...Array<ProviderId>]).pipe(
  Flag.withAlias("p"),
  Flag.withMetavar("<id>")
)

/** The flag `--provider`, which must be given. */
export const provider: Flag.Flag<ProviderId> = anyProvider.pipe(Flag.withDescription("Who makes the video"))

/** The flag `--provider` that narrows something down. */
export const onlyProvider: Flag.Flag<Option.Option<ProviderId>> = anyProvider.pipe(
  Flag.withDescription("Only this provider"),
  Flag.optional
)

/** The flag `--family`. */
export const family: Flag.Flag<Option.Option<string>> = Flag.String("family").pipe(
  Flag.withDescription("The kind of task, where a provider has several and the model does not decide it"),
  Flag.optional
)

/** The flag `--overwrite`. */
export const overwrite: Flag.Flag<boolean> = Flag.Boolean("overwrite").pipe(
  Flag.withDescription("Replace the file if it exists"),
  Flag.withDefault(false)
)
