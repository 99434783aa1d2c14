import { resolveCommand, type Row } from "../../../src/Contract.ts"
import { hrefOf } from "../live/route.ts"
import { ago, brief, clock, money, shortId } from "../model/format.ts"
import { type Group, groupOf, isOver, word } from "../model/look.ts"

/** The columns, in order. */
export const columns = [
  ["state", "State"],
  ["id", "Id"],
  ["provider", "Provider"],
  ["model", "Model"],
  ["prompt", "Prompt"],
  ["progress", "Progress"],
  ["next", "Next poll"],
  ["elapsed", "Elapsed"],
  ["cost", "Cost"],
  ["last", "Last event"],
  ["ago", "When"]
] as const

type Column = typeof columns[number][0]

const svg = "http://www.w3.org/2000/svg"

const iconElement = (): { readonly icon: SVGElement; readonly use: SVGElement } => {
  const icon = document.createElementNS(svg, "svg")
  const use = document.createElementNS(svg, "use")
  icon.setAttribute("class", "icon")
  icon.setAttribute("aria-hidden", "true")
  icon.append(use)
  return { icon, use }
}

const span = (className: string): HTMLSpanElement => {
  const element = document.createElement("span")
  element.className = className
  return element
}

/** What a row says in its narrow columns, in words. */
const texts = (row: Row, now: number): Readonly<Record<Exclude<Column, "progress" | "state">, string>> => ({
  id: shortId(row.id),
  provider: row.provider,
  model: row.model ?? "",
  prompt: row.prompt ?? "",
  next: nextText(row, now),
  elapsed: row.state === "ambiguous"
    ? ""
    : clock((row.completedAt ?? (isOver(row.state) ? row.updatedAt : now)) - row.createdAt),
  cost: row.cost === undefined ? "" : money(row.cost, row.isEstimate === true),
  last: row.state === "ambiguous" ? `${resolveCommand(row.id)}: it may have cost money` : row.last,
  ago: ago(now - row.lastAt)
})

/** How long a new task may be without somebody who follows it before this is worth a word, in ms. */
const startUp = 5000

const nextText = (row: Row, now: number): string => {
  if (isOver(row.state) || row.state === "submitting") return ""
  if (row.followed === "elsewhere") return "elsewhere"
  if (row.followed === "nobody") return now - row.createdAt < startUp ? "" : "not followed"
  if (row.nextPollAt === undefined) return ""
  return row.nextPollAt <= now ? "now" : `in ${brief(row.nextPollAt - now + 999)}`
}

/** One line of the pool: it is written again and again, and only where something differs. */
export class RowElement {
  readonly element: HTMLDivElement = document.createElement("div")
  readonly #texts = new Map<string, Text>()
  readonly #written = new Map<string, string>()
  readonly #stateText = document.createTextNode("")
  readonly #use: SVGElement
  readonly #link = document.createElement("a")
  readonly #bar = span("bar")
  readonly #fill = span("fill")
  readonly #percent = document.createTextNode("")
  #index = -1

  constructor(id: string) {
    this.element.className = "row"
    this.element.setAttribute("role", "row")
    this.element.id = id
    const { icon, use } = iconElement()
    this.#use = use
    for (const [column] of columns) {
      const cell = document.createElement("div")
      cell.className = `cell c-${column}`
      cell.setAttribute("role", "gridcell")
      this.element.append(cell)
      if (column === "state") cell.append(icon, this.#stateText)
      else if (column === "progress") this.#progress(cell)
      else cell.append(this.#content(column))
    }
  }

  #content(column: Column): Node {
    const text = document.createTextNode("")
    this.#texts.set(column, text)
    if (column !== "id") return text
    this.#link.tabIndex = -1
    this.#link.append(text)
    return this.#link
  }

  #progress(cell: HTMLElement): void {
    this.#bar.append(this.#fill)
    const number = span("percent")
    number.append(this.#percent)
    cell.append(this.#bar, number)
  }

  /** Whether something has to be written that was not before. */
  #differs(key: string, value: string): boolean {
    if (this.#written.get(key) === value) return false
    this.#written.set(key, value)
    return true
  }

  write(row: Row, index: number, height: number, now: number, isChosen: boolean): void {
    if (this.#differs("top", String(index * height))) this.element.style.transform = `translateY(${index * height}px)`
    if (this.#index !== index) {
      this.#index = index
      this.element.setAttribute("aria-rowindex", String(index + 2))
      this.element.dataset["index"] = String(index)
    }
    const group = groupOf(row)
    this.#writeState(group, index, isChosen)
    if (this.#differs("href", row.id)) this.#link.href = hrefOf(row.id)
    this.#writeProgress(row)
    for (const [column, value] of Object.entries(texts(row, now))) {
      if (!this.#differs(column, value)) continue
      this.#texts.get(column)!.data = value
    }
  }

  #writeState(group: Group, index: number, isChosen: boolean): void {
    if (this.#differs("class", `${group} ${isChosen} ${index % 2}`)) {
      this.element.className = `row tone-${group}${isChosen ? " chosen" : ""}${index % 2 === 1 ? " odd" : ""}`
      this.element.setAttribute("aria-selected", String(isChosen))
      this.#stateText.data = word(group)
      this.#use.setAttribute("href", `#i-${group}`)
    }
  }

  #writeProgress({ progress, state }: Row): void {
    const shown = state === "SUCCESS" ? 100 : progress
    const isDrawn = shown !== undefined && !(isOver(state) && state !== "SUCCESS")
    if (!this.#differs("progress", isDrawn ? String(shown) : "")) return
    this.#bar.hidden = !isDrawn
    this.#fill.style.transform = `scaleX(${(shown ?? 0) / 100})`
    this.#percent.data = isDrawn ? `${Math.round(shown)} %` : ""
  }

  hide(): void {
    if (this.element.parentNode !== null) this.element.remove()
  }
}
