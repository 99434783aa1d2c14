/**
 * Where the files of a finished task are kept, after they were fetched from links that lapse.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * What a kept file is of a task.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Kind = Schema.Literals(["video", "thumbnail"])

/**
 * What a kept file is of a task.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = typeof Kind.Type

/**
 * One file in an archive.
 *
 * @category models
 * @since 0.1.0
 */
export class ArchivedFile extends Schema.Class<ArchivedFile>("@video-tasks/core/Archived/ArchivedFile")({
  kind: Kind,
  /** Which of the task's videos it is, or is the thumbnail of, from 0. */
  index: Schema.Int,
  /** Its name in the archive. */
  key: Schema.String,
  /** Where it is, without anything secret: for example `file:///…` or `s3://bucket/key`. */
  uri: Schema.String,
  /** Its size. */
  bytes: Schema.Int,
  /** In lower-case hexadecimal. */
  sha256: Schema.String,
  /** The media type by the file's first bytes. */
  mimeType: Schema.optionalKey(Schema.String)
}) {}

/**
 * Where the files of a task are kept: all its videos, and the thumbnails that could be had.
 *
 * @category models
 * @since 0.1.0
 */
export class Archived extends Schema.Class<Archived>("@video-tasks/core/Archived")({
  /** When the last one was kept, in ms since the epoch. */
  at: Schema.Finite,
  files: Schema.NonEmptyArray(ArchivedFile)
}) {}
