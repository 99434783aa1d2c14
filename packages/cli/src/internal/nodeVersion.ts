/**
 * Stops with a clear sentence on a Node that is too old. Imported first, before anything that needs a newer one.
 */
import process from "node:process"

/** The oldest Node that runs the command. */
const oldest = [22, 19] as const

/** Whether a Node is new enough, by its version without the `v`. */
export const isNewEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
}

if (!isNewEnough(process.versions.node)) {
  process.stderr.write(`video-tasks needs Node ${oldest.join(".")} or newer; this is Node ${process.versions.node}.\n`)
  process.exit(1)
}
