/**
 * Fails with a clear sentence on a Node that is too old. Imported first by what loads undici or `node:sqlite`, which an old
 * Node meets with an error of its own.
 */
import process from "node:process"

/** The oldest Node that has what is needed: that of `engines` in package.json. */
const oldest = [22, 19] as const

/** What is wrong with a runtime, by its `process.versions`; nothing about one that only plays Node. */
export const complaint = (
  { bun, deno, node }: { readonly [name: string]: string | undefined; readonly node: string }
): string | undefined => {
  const [major = 0, minor = 0] = node.split(".").map(Number)
  const isNewEnough = major > oldest[0] || (major === oldest[0] && minor >= oldest[1])
  return isNewEnough || bun !== undefined || deno !== undefined
    ? undefined
    : `@video-tasks/node needs Node ${oldest.join(".")} or newer; this is Node ${node}.`
}

const found = complaint({ ...process.versions })
if (found !== undefined) throw new Error(found)
