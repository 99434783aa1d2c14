import { effect } from "@preact/signals"
import type { Row } from "../../../src/Contract.ts"
import { now, serverNow } from "../live/clock.ts"
import { go } from "../live/route.ts"
import { book, version } from "../live/tasks.ts"
import { date } from "../model/format.ts"
import { chosen, place } from "./choice.ts"
import { div, head } from "./head.ts"
import { columns, RowElement } from "./row.ts"

const spare = 4
const isNarrow = matchMedia("(max-width: 720px)")
const heightOfRow = (): number => isNarrow.matches ? 56 : 28

/**
 * The list, written by hand: a fixed pool of rows that are moved and written anew, so that neither the number of tasks
 * nor that of their steps matters.
 */
class Grid {
  readonly #grid = div("grid", "grid")
  readonly #body = div("body", "rowgroup")
  readonly #pool: Array<RowElement> = []
  #height = heightOfRow()
  #isDue = false
  /** The first row that is seen, which stays in its place when rows come and go above it. */
  #anchor: { readonly id: string; readonly index: number } | undefined

  constructor() {
    this.#grid.id = "grid"
    this.#grid.tabIndex = 0
    this.#grid.setAttribute("aria-label", "Tasks, newest first")
    this.#grid.setAttribute("aria-colcount", String(columns.length))
    this.#grid.append(head(), this.#body)
  }

  mount(host: HTMLElement): () => void {
    host.append(this.#grid)
    this.#body.style.height = `${book.size * this.#height}px`
    this.#grid.scrollTop = place.top
    const resize = new ResizeObserver(() => this.#due())
    resize.observe(this.#grid)
    this.#grid.addEventListener("scroll", () => this.#due(), { passive: true })
    this.#grid.addEventListener("keydown", (event) => this.#key(event))
    this.#grid.addEventListener("focus", () => {
      // Who presses the mouse chooses with it.
      if (this.#grid.matches(":focus-visible")) {
        this.#choose(this.#chosenIndex() < 0 ? this.#first() : this.#chosenIndex())
      }
    })
    this.#body.addEventListener("click", (event) => this.#click(event))
    this.#body.addEventListener("mouseover", (event) => this.#explain(event))
    const stops = [
      effect(() => {
        void version.value
        // Nothing is done to a row that nobody sees.
        if (this.#chosenIndex() < 0) chosen.value = undefined
        this.#keepPlace()
        this.#due()
      }),
      effect(() => {
        void now.value
        void chosen.value
        this.#due()
      })
    ]
    this.#draw()
    if (place.isBack && document.activeElement === document.body) this.#grid.focus({ preventScroll: true })
    place.isBack = false
    return () => {
      for (const stop of stops) stop()
      resize.disconnect()
      this.#grid.remove()
    }
  }

  #due(): void {
    if (this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => {
      this.#isDue = false
      if (this.#grid.isConnected) this.#draw()
    })
  }

  #first(): number {
    return Math.floor(this.#grid.scrollTop / this.#height)
  }

  #keepPlace(): void {
    this.#body.style.height = `${book.size * this.#height}px`
    const anchor = this.#anchor
    if (anchor === undefined || this.#grid.scrollTop === 0 || book.at(anchor.index)?.id === anchor.id) return
    const index = book.indexOf(anchor.id)
    if (index >= 0) this.#grid.scrollTop += (index - anchor.index) * this.#height
  }

  #draw(): void {
    const height = heightOfRow()
    if (height !== this.#height) {
      this.#height = height
      this.#body.style.height = `${book.size * height}px`
    }
    const first = this.#first()
    place.top = this.#grid.scrollTop
    const firstRow = book.at(first)
    this.#anchor = firstRow === undefined ? undefined : { id: firstRow.id, index: first }
    const from = Math.max(0, first - spare)
    const wanted = Math.ceil(this.#grid.clientHeight / height) + 2 * spare
    this.#resize(wanted)
    this.#grid.setAttribute("aria-rowcount", String(book.size + 1))
    const at = serverNow()
    for (let index = from; index < from + wanted; index++) {
      const element = this.#pool[index % wanted]!
      const row = book.at(index)
      if (row === undefined) element.hide()
      else {
        if (element.element.parentNode === null) this.#body.append(element.element)
        element.write(row, index, height, at, row.id === chosen.peek())
      }
    }
    this.#point()
  }

  /** Rows of the pool are told apart by their place modulo its size, so that scrolling writes only what is new. */
  #resize(size: number): void {
    while (this.#pool.length < size) this.#pool.push(new RowElement(`row-${this.#pool.length}`))
    while (this.#pool.length > size) this.#pool.pop()?.hide()
  }

  #point(): void {
    const index = this.#chosenIndex()
    const element = index < 0 ? undefined : this.#pool.find((one) => one.element.dataset["index"] === String(index))
    if (element?.element.isConnected === true) this.#grid.setAttribute("aria-activedescendant", element.element.id)
    else this.#grid.removeAttribute("aria-activedescendant")
  }

  #chosenIndex(): number {
    return chosen.peek() === undefined ? -1 : book.indexOf(chosen.peek()!)
  }

  #choose(index: number): void {
    const row = book.at(Math.max(0, Math.min(book.size - 1, index)))
    if (row === undefined) return
    chosen.value = row.id
    const at = book.indexOf(row.id)
    const top = at * this.#height
    const titles = this.#body.offsetTop
    const room = this.#grid.clientHeight - titles
    if (top < this.#grid.scrollTop) this.#grid.scrollTop = top
    else if (top + this.#height > this.#grid.scrollTop + room) this.#grid.scrollTop = top + this.#height - room
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor(this.#grid.clientHeight / this.#height) - 2)
    const at = this.#chosenIndex()
    const move = (by: number): number => at < 0 ? this.#first() : at + by
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: move(1),
      ArrowUp: move(-1),
      PageDown: move(page),
      PageUp: move(-page),
      Home: 0,
      End: book.size - 1
    }
    const to = moves[event.key]
    if (to !== undefined) this.#choose(to)
    else if (event.key === "Enter" && chosen.peek() !== undefined) go(chosen.peek())
    else return
    event.preventDefault()
  }

  #rowAt({ target }: MouseEvent): { readonly element: HTMLElement; readonly row: Row } | undefined {
    const element = target instanceof Element ? target.closest<HTMLElement>(".row") : null
    const row = book.at(Number(element?.dataset["index"] ?? -1))
    return element === null || row === undefined ? undefined : { element, row }
  }

  /** Says in full what the columns cut off. */
  #explain(event: MouseEvent): void {
    const at = this.#rowAt(event)
    if (at === undefined) return
    const { createdAt, id, last, prompt } = at.row
    at.element.title = [id, `created ${date(createdAt)}`, prompt, last].filter(Boolean).join("\n")
  }

  #click(event: MouseEvent): void {
    const row = this.#rowAt(event)?.row
    if (row === undefined || event.ctrlKey || event.metaKey || getSelection()?.type === "Range") return
    event.preventDefault()
    chosen.value = row.id
    go(row.id)
  }
}

/** Puts the list into the page; the answer takes it out again. */
export const mountGrid = (host: HTMLElement): () => void => new Grid().mount(host)
