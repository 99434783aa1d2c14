/**
 * What the demo shows, in words: from the simulator's own ledger, so that nothing is claimed that did not happen.
 */
import type { Ledger, Received } from "@video-tasks/simulator/Ledger"
import type { Line } from "@video-tasks/simulator/Script"

/** The faults of the demo. */
export const script: ReadonlyArray<Line> = [
  { on: "poll", api: "cometapi", nth: 4, fault: "503-html" },
  { on: "download", api: "generic", nth: 1, fault: "cut-at" }
]

/** What went wrong on purpose and did no harm, one sentence each. */
export const survived = (ledger: Ledger, resumed: number): ReadonlyArray<string> => {
  const unknown = ledger.requests.filter(isUnknownTask).length
  const pages = ledger.requests.filter((request) => request.fault === "503-html").length
  return [
    ...(unknown === 0
      ? []
      : [
        `${
          times(unknown)
        } a fresh task was "unknown" to its own API. It was read again: so young a task is not given up.`
      ]),
    ...(pages === 0
      ? []
      : [`${times(pages)} CometAPI answered a read with "503" and a page of HTML. It was read again a moment later.`]),
    ...(resumed === 0
      ? []
      : [`${times(resumed)} a download broke off in the middle. It went on where it broke.`])
  ]
}

/** How many creates were sent and paid. */
export const paid = (ledger: Ledger): string =>
  `${ledger.posts} creates were sent, ${ledger.bills} were billed: a create is never sent twice.`

// internal

const isUnknownTask = (request: Received): boolean =>
  request.operation === "poll" && request.fault === undefined && (request.status === 400 || request.status === 404)

const times = (count: number): string => {
  if (count === 1) return "Once"
  return count === 2 ? "Twice" : `${count} times`
}
