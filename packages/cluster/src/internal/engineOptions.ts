/**
 * The options of a cluster that are the engine's as well.
 */
import type * as VideoTasks from "@video-tasks/runtime/VideoTasks"
import type { Options } from "../Cluster.ts"

/** What is left without those of the cluster itself: whatever the engine learns to take is passed on. */
export const of = ({
  address: _address,
  buckets: _buckets,
  grace: _grace,
  listen: _listen,
  lockExpiration: _lockExpiration,
  onWaiting: _onWaiting,
  patience: _patience,
  sharding: _sharding,
  ...engine
}: Partial<Options>): Omit<VideoTasks.Options, "owner" | "followUntil"> => engine
