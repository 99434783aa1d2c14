#!/usr/bin/env node
/**
 * The command `video-tasks`.
 *
 * @since 0.1.0
 */
// oxlint-disable-next-line import/no-unassigned-import -- an old Node must be told before it meets anything else
import "./internal/nodeVersion.ts"
import process from "node:process"
import { main } from "./Cli.ts"
import { runMain } from "./internal/signals.ts"

runMain(main(process.argv.slice(2)))
