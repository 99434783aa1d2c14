/**
 * Fixtures say in themselves what must be found in them: a line's comment `// expect a b` names the findings of that
 * line.
 */
import * as fs from "node:fs"
import * as path from "node:path"

/** The findings that the fixtures ask for, each as `file:line name`. */
const expectedIn = (folder: string, files: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.flatMap((file) =>
    fs.readFileSync(path.join(folder, file), "utf8").split("\n").flatMap((text, index) =>
      (/\/\/ expect (.+)$/.exec(text)?.[1]?.split(" ") ?? []).map((name) => `${file}:${index + 1} ${name}`)
    )
  )

/** Compares what was found (each as `file:line name`) with what the fixtures ask for; fails the process on a difference. */
export const compare = (folder: string, files: ReadonlyArray<string>, found: ReadonlyArray<string>): void => {
  const expected = expectedIn(folder, files)
  const missing = expected.filter((one) => !found.includes(one))
  const surplus = found.filter((one) => !expected.includes(one))
  for (const one of missing) console.log(`did not fire: ${one}`)
  for (const one of surplus) console.log(`fired unasked: ${one}`)
  console.log(`${expected.length - missing.length} of ${expected.length} expected findings, ${files.length} fixtures`)
  if (expected.length === 0 || missing.length + surplus.length > 0) process.exitCode = 1
}
