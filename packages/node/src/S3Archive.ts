/**
 * An archive in a bucket: Amazon S3, and whatever else speaks its wire (Cloudflare R2, MinIO, Garage, Ceph, …).
 *
 * @since 0.1.0
 */
import * as Archive from "@video-tasks/runtime/Archive"
import * as Download from "@video-tasks/runtime/Download"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type { HttpClient } from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import type * as Path from "effect/Path"
import type * as Redacted from "effect/Redacted"
import * as Objects from "./internal/s3Objects.ts"
import * as Requests from "./internal/s3Requests.ts"

/**
 * Where the bucket is, and how files are kept.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options extends Archive.Options {
  /** The origin of the service, for example `https://s3.eu-central-1.amazonaws.com`. */
  readonly endpoint: string
  readonly bucket: string
  /**
   * The region that requests are signed for; Cloudflare R2 wants `auto`.
   *
   * @default "us-east-1"
   */
  readonly region?: string | undefined
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted
  /** Belongs to keys that are lent for a time. */
  readonly sessionToken?: Redacted.Redacted | undefined
  /** Comes before every key, for example `videos/`. */
  readonly prefix?: string | undefined
  /**
   * `path` writes the bucket into the path, `host` before the host.
   *
   * @default "path"
   */
  readonly addressing?: "path" | "host" | undefined
  /**
   * Files that are longer are uploaded in parts of so many bytes, each of which is in memory while it is sent. S3 wants at
   * least 5 MiB, and takes at most 10,000 parts.
   *
   * @default 8_388_608
   */
  readonly partSize?: number | undefined
  /**
   * How often a request is sent again after a passing fault.
   *
   * @default 3
   */
  readonly retries?: number | undefined
}

/**
 * Keeps files in a bucket.
 *
 * **Details**
 *
 * Every request is signed (AWS Signature Version 4) with the hash of its body, so that the service itself refuses what was
 * damaged on its way. The file's SHA-256 is kept as metadata (`x-amz-meta-sha256`). An upload in parts that does not come to
 * an end is given up there too.
 *
 * The key needs `s3:PutObject`, `s3:AbortMultipartUpload` and `s3:GetObject`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<Archive.Archive, Archive.ArchiveError, HttpClient | FileSystem.FileSystem | Path.Path> =>
  Layer.effect(
    Archive.Archive,
    Effect.gen(function*() {
      const base = baseOf(options)
      if (base === undefined) {
        const detail = "the endpoint is no origin of a service, or the bucket is no name of one"
        return yield* new Archive.ArchiveError({ detail, retryable: false })
      }
      const { bucket, partSize = 8_388_608, prefix = "" } = options
      const send = yield* Requests.make({ ...options, base, region: options.region ?? "us-east-1" })
      const objects = Objects.make({ send, partSize, makeHash: yield* Download.Hasher })
      return yield* Archive.make({
        put: (key, content) => objects.put(`${prefix}${key}`, content),
        exists: (key) => objects.exists(`${prefix}${key}`),
        uri: (key) => `s3://${bucket}/${prefix}${key}`
      }, options)
    })
  )

// internal

const baseOf = ({ addressing = "path", bucket, endpoint }: Options): URL | undefined => {
  if (!URL.canParse(endpoint) || !/^[\w.-]+$/.test(bucket)) return undefined
  const url = new URL(endpoint)
  if (!/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "") return undefined
  if (addressing === "host") url.hostname = `${bucket}.${url.hostname}`
  const path = url.pathname.replace(/\/*$/, "/")
  return new URL(addressing === "host" ? path : `${path}${bucket}/`, url)
}
