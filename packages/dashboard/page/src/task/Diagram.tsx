import { useEffect, useRef, useState } from "preact/hooks"
import type { Detail, Row } from "../../../src/Contract.ts"
import { duration } from "../model/format.ts"
import { ofState } from "../model/look.ts"
import machine from "../task-machine.svg?url"

const namespace = "http://www.w3.org/2000/svg"

const load = async (): Promise<SVGElement> => {
  const text = await (await fetch(machine)).text()
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement
  const element = document.importNode(root, true) as unknown as SVGElement
  element.removeAttribute("width")
  element.removeAttribute("height")
  return element
}

/** The time spent in a state, written below its box. */
const label = (state: Element, text: string): void => {
  const box = state.querySelector("rect")
  if (box === null) return
  const label = state.querySelector(".spent") ?? document.createElementNS(namespace, "text")
  const at = (name: string): number => Number(box.getAttribute(name))
  label.setAttribute("class", "spent")
  label.setAttribute("x", String(at("x") + at("width") / 2))
  label.setAttribute("y", String(at("y") + at("height") + 16))
  label.setAttribute("text-anchor", "middle")
  label.textContent = text
  if (label.parentNode === null) state.append(label)
}

const light = (svg: SVGElement, { lastEdge, spent }: Detail, row: Row): void => {
  const times = new Map<string, number>()
  for (const { ms, state } of spent) times.set(state, (times.get(state) ?? 0) + ms)
  for (const state of svg.querySelectorAll("[data-state]")) {
    const name = state.getAttribute("data-state") ?? ""
    const ms = times.get(name)
    state.classList.toggle("live", name === row.state)
    state.classList.toggle("visited", ms !== undefined && name !== row.state)
    if (!state.classList.contains("vt-final")) label(state, ms === undefined ? "" : duration(ms))
  }
  const edge = lastEdge === undefined ? undefined : `${lastEdge.from}->${lastEdge.to}`
  for (const element of svg.querySelectorAll(".vt-edge")) {
    const names = (element.getAttribute("data-edge") ?? "").split(" ")
    const isLast = edge !== undefined && names.includes(edge)
    element.setAttribute("class", isLast ? `vt-edge last tone-${ofState(lastEdge!.to)}` : "vt-edge")
  }
}

/** The machine, with the live state lit. The picture was drawn when the page was built. */
export const Diagram = ({ detail, row }: { readonly detail: Detail; readonly row: Row }) => {
  const host = useRef<HTMLDivElement>(null)
  const [svg, setSvg] = useState<SVGElement>()
  useEffect(() => void load().then(setSvg, () => undefined), [])
  useEffect(() => {
    if (svg === undefined) return
    if (svg.parentNode === null) host.current?.append(svg)
    light(svg, detail, row)
  }, [svg, detail, row.state])
  return (
    <section class="card machine" aria-label="Machine">
      <h2>Machine</h2>
      <div ref={host} class="machine-picture" tabIndex={0} role="group" aria-label="Diagram of the states" />
    </section>
  )
}
