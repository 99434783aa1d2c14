import { sdkTitle } from "../FaultMatrix/page.ts"
import type { Played } from "../FaultMatrix/play.ts"
import { clients } from "./clients.ts"
import type { SdkGroup, SdkRow } from "./rows.ts"

/** What became of one fault at one API. */
export interface Both {
  readonly ours: Played
  readonly sdk: { readonly ends: string; readonly posts: number; readonly bills: number }
}

const head = `${sdkTitle}

The same faults, one at a time, met by each vendor's official SDK as its documentation shows it and by this library, both
at the simulated API of that vendor. \`finishes\` is the whole file, \`fails\` an exception. Where more than one create was
paid for, the cell says so.`

type Results = ReadonlyMap<SdkRow, ReadonlyMap<string, Both>>

const paid = (bills: number): string => bills > 1 ? `, **${bills} paid**` : ""

const cells = (both: Both | undefined): ReadonlyArray<string> =>
  both === undefined
    ? ["–", "–"]
    : [
      `${both.sdk.ends}${paid(both.sdk.bills)}`,
      `${both.ours.ends === "SUCCESS" ? "finishes" : both.ours.ends}${paid(both.ours.bills)}`
    ]

/** Writes the section. */
export const render = (groups: ReadonlyArray<SdkGroup>, results: Results): string => {
  const ids = Object.entries(clients)
  const tables = groups.map((group) =>
    [
      `### ${group.title}, beside the SDKs`,
      "",
      `| fault | ${ids.map(([, { sdk }]) => `\`${sdk}\` | ours`).join(" | ")} |`,
      `|---|${ids.map(() => "---|---|").join("")}`,
      ...group.rows.map((row) =>
        `| ${[row.fault, ...ids.flatMap(([id]) => cells(results.get(row)?.get(id)))].join(" | ")} |`
      )
    ].join("\n")
  )
  return `${head}\n\n${tables.join("\n\n")}\n`
}
