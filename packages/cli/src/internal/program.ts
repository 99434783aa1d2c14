/**
 * What to type to run this command again.
 */

/** In the workspace, where it runs from its sources, the command is a script of pnpm. */
export const program = import.meta.url.endsWith(".ts") ? "npx pnpm@12 video-tasks" : "video-tasks"
