/**
 * `docs/faults.md`, which two tests write: the matrix, and below it what the vendors' own SDKs do.
 */
import * as fs from "node:fs"
import * as path from "node:path"

const file = path.resolve(import.meta.dirname, "../../../../docs/faults.md")

/** The heading of the second part. */
export const sdkTitle = "## Beside the vendors' own SDKs"

const split = (page: string): readonly [matrix: string, sdks: string] => {
  const at = page.indexOf(`\n${sdkTitle}`)
  return at < 0 ? [page, ""] : [page.slice(0, at), page.slice(at)]
}

/** The page as it is, and as it is with one part written anew. `WRITE_FAULTS=1` keeps the new one. */
export const withPart = (
  part: "matrix" | "sdks",
  text: string
): { readonly known: string; readonly written: string } => {
  const [matrix, sdks] = split(fs.readFileSync(file, "utf8"))
  const written = part === "matrix" ? `${text}${sdks}` : `${matrix}\n${text}`
  if (process.env["WRITE_FAULTS"] === "1") fs.writeFileSync(file, written)
  return { known: fs.readFileSync(file, "utf8"), written }
}
