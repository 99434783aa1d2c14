import { columns } from "./row.ts"

/** A `div` with a class and a role. */
export const div = (className: string, role: string): HTMLDivElement => {
  const element = document.createElement("div")
  element.className = className
  element.setAttribute("role", role)
  return element
}

/** The titles of the columns. */
export const head = (): HTMLElement => {
  const group = div("head", "rowgroup")
  const row = div("row titles", "row")
  row.setAttribute("aria-rowindex", "1")
  for (const [column, title] of columns) {
    const cell = div(`cell c-${column}`, "columnheader")
    cell.textContent = title
    row.append(cell)
  }
  group.append(row)
  return group
}
