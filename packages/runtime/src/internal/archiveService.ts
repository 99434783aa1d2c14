/**
 * The service by itself, so that who only looks whether there is an archive does not take the download along.
 */
import type { ArchivedFile } from "@video-tasks/core/Archived"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ArchiveError, Options, Storage, Wanted } from "../Archive.ts"

/** Where the files of finished tasks are kept. */
export class Archive extends Context.Service<
  Archive,
  Storage & {
    /** How files are kept. */
    readonly options: Options
    /** Fetches one file of a task and keeps it; a link that has lapsed is replaced by asking the provider once. */
    readonly store: (
      wanted: Wanted
    ) => Effect.Effect<ArchivedFile, VideoTaskError | ArchiveError, VideoProviders>
  }
>()("@video-tasks/runtime/Archive") {}
