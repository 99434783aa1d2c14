/**
 * What to type to run this command again.
 */

/** In the workspace, where it runs from its sources, the command is a script of pnpm. */
export const program = import.meta.url.endsWith(".ts") ? "npx pnpm@12 video-tasks" : "video-tasks"

/** A text with the commands that it names as they are typed here: messages of the libraries know the plain name only. */
export const typed = (text: string): string =>
  program === "video-tasks" ? text : text.replaceAll("`video-tasks ", `\`${program} `)
