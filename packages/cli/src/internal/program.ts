/**
 * What to type to run this command again.
 */

import type { Choice } from "./storeChoice.ts"

/** In the workspace, where it runs from its sources, the command is a script of pnpm. */
export const program = import.meta.url.endsWith(".ts") ? "npx pnpm@12 video-tasks" : "video-tasks"

/**
 * A text whose commands name the store that they need, when it is not the user's own. The address of a database may have a
 * password and is not written down again.
 */
export const withStore = (text: string, store: Choice | undefined): string => {
  if (store === undefined) return text
  const value = store._tag === "file" ? quoted(store.path) : store._tag === "memory" ? "memory" : "postgres://…"
  return text.replaceAll(needsStore, (found) => `${found} --store ${value}`)
}

/** As a shell takes it. */
export const quoted = (text: string): string =>
  /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/** A text with the commands that it names as they are typed here: messages of the libraries know the plain name only. */
export const typed = (text: string): string =>
  program === "video-tasks" ? text : text.replaceAll("`video-tasks ", `\`${program} `)

// internal

/** The commands that work with tasks of a store. */
const needsStore = new RegExp(
  `${
    program.replaceAll(".", "\\.")
  } (?:cancel|download|export|import|list|prune|resolve|resume|show|status|url|wait)(?=\\s|$)`,
  "g"
)
