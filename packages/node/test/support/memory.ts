import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collect: () => void = runInNewContext("gc")

/** How many bytes of buffers are in use, and not only waiting to be collected. */
export const buffersInUse = (): number => {
  // The first collection finds the buffers, the second one their backing stores.
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}
