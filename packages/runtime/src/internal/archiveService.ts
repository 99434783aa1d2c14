/**
 * The service by itself: it brings what works with it, so that who has no archive does not take that along.
 */
import type { ArchivedFile } from "@video-tasks/core/Archived"
import type { VideoProviders } from "@video-tasks/core/VideoProviders"
import type { VideoTaskError } from "@video-tasks/core/VideoTaskError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ArchiveError, Options, Storage, Wanted } from "../Archive.ts"
import type { Archiver } from "./archiver.ts"
import type { Journal } from "./journal.ts"

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
    /**
     * Keeps what succeeds in a journal.
     *
     * @internal
     */
    readonly archiver: (journal: Journal) => Effect.Effect<Archiver, never, VideoProviders | Scope.Scope>
  }
>()("@video-tasks/runtime/Archive") {}
