import { assert, describe, it } from "@effect/vitest"
import * as fs from "node:fs"
import { createMachine } from "xstate"
import {
  activePaths,
  leadsTo,
  parse as parseDefinition,
  type State,
  valueText
} from "../page/src/inspector/definition.ts"
import { type Actors, receive } from "../page/src/inspector/log.ts"
import { parse } from "../page/src/inspector/messages.ts"
import { wayOf } from "../page/src/inspector/way.ts"

const player = createMachine({
  id: "player",
  initial: "loading",
  on: { reset: ".loading" },
  states: {
    loading: {
      invoke: { src: "fetcher", onDone: "playing", onError: { target: "broken", actions: "note" } },
      after: { 5000: "broken" }
    },
    playing: {
      type: "parallel",
      states: {
        sound: {
          initial: "on",
          states: { on: { on: { mute: "off" } }, off: { on: { mute: { guard: "mayHear", target: "on" } } } }
        },
        picture: { initial: "shown", states: { shown: { always: { guard: "isDark", target: "hidden" } }, hidden: {} } }
      },
      onDone: "broken"
    },
    broken: { type: "final" }
  }
})

const definition: unknown = JSON.parse(JSON.stringify(player.config))

const find = (state: State, path: string): State => {
  const found = [state].concat(state.states.flatMap(function all(one): ReadonlyArray<State> {
    return [one, ...one.states.flatMap(all)]
  })).find((one) => one.path === path)
  return found ?? assert.fail(`no state ${path}`)
}

const common = { sessionId: "x:0", rootId: "x:0", createdAt: "1000", id: null, _version: "0.7.2" }

const told = (messages: ReadonlyArray<object>, before: Actors = new Map()): Actors =>
  messages.reduce<Actors>((actors, message) => {
    const parsed = parse({ ...common, ...message })
    return parsed === undefined ? actors : receive(actors, parsed)
  }, before)

describe("Inspector, its model", () => {
  it("reads any machine: nested and parallel states, invokes, delays, and what needs no event", () => {
    const machine = parseDefinition(definition) ?? assert.fail("no machine")
    assert.deepStrictEqual(machine.states.map(({ isInitial, kind, path }) => [path, kind, isInitial]), [
      ["loading", "atomic", true],
      ["playing", "parallel", false],
      ["broken", "final", false]
    ])
    const loading = find(machine, "loading")
    assert.deepStrictEqual(loading.invokes, ["fetcher"])
    assert.deepStrictEqual(loading.transitions.map((one) => [one.on, one.targets, one.actions]), [
      ["after 5000", ["broken"], []],
      ["done", ["playing"], []],
      ["error", ["broken"], ["note"]]
    ])
    assert.strictEqual(find(machine, "playing.sound.off").transitions[0]?.guard, "mayHear")
    assert.strictEqual(find(machine, "playing.picture.shown").transitions[0]?.on, "always")
    assert.deepStrictEqual(machine.transitions.map((one) => [one.targets, leadsTo(one, ["loading"])]), [[
      [".loading"],
      true
    ]])
  })

  it("lights every state that is in a value", () => {
    const value = { playing: { sound: "on", picture: "shown" } }
    assert.deepStrictEqual(activePaths(value), [
      "playing",
      "playing.sound",
      "playing.sound.on",
      "playing.picture",
      "playing.picture.shown"
    ])
    assert.strictEqual(valueText(value), "playing (sound.on, picture.shown)")
    assert.deepStrictEqual([activePaths(7), valueText(undefined)], [[], ""])
  })

  it("keeps events with what they led to, and the last way between states", () => {
    const actors = told([
      { type: "@xstate.actor", name: "player", definition: JSON.stringify(definition), snapshot: { value: "loading" } },
      { type: "@xstate.event", event: { type: "xstate.init" } },
      { type: "@xstate.snapshot", event: { type: "xstate.init" }, snapshot: { value: "loading" } },
      { type: "@xstate.event", event: { type: "xstate.after.5000.loading" } },
      { type: "@xstate.snapshot", event: { type: "xstate.after.5000.loading" }, snapshot: { value: "broken" } }
    ])
    const actor = actors.get("x:0") ?? assert.fail("no actor")
    assert.deepStrictEqual(actor.entries.map(({ event, from, to }) => [event.type, from, to]), [
      ["xstate.init", "loading", "loading"],
      ["xstate.after.5000.loading", "loading", "broken"]
    ])
    assert.deepStrictEqual(actor.lastEdge, {
      event: "xstate.after.5000.loading",
      from: ["loading"],
      to: ["broken"]
    })
  })

  it("knows the way that was taken only where no other one leads there", () => {
    const file = new URL("../page/src/task-machine.json", import.meta.url)
    const machine = parseDefinition(JSON.parse(fs.readFileSync(file, "utf8"))) ?? assert.fail("no machine")
    const way = (event: string, from: string, to: string) =>
      wayOf(machine, { event, from: [from], to: [to] })?.guard ?? ""
    assert.strictEqual(way("task.observed", "IN_PROGRESS", "SUCCESS"), "succeeded")
    assert.strictEqual(way("task.observed", "SUBMITTED", "FAILED"), "reports FAILED")
    // Either it reports so, or it has succeeded and shows no video yet.
    assert.isUndefined(wayOf(machine, { event: "task.observed", from: ["SUBMITTED"], to: ["IN_PROGRESS"] }))
    assert.deepStrictEqual(
      wayOf(machine, { event: "task.expired", from: ["SUBMITTED"], to: ["EXPIRED"] }),
      find(machine, "SUBMITTED").transitions.find(({ event }) => event === "task.expired")
    )
  })

  it("keeps a bounded number of events and actors", () => {
    const events = Array.from({ length: 1000 }, () => ({ type: "@xstate.event", event: { type: "tick" } }))
    const actor = told(events).get("x:0") ?? assert.fail("no actor")
    assert.deepStrictEqual([actor.entries.length, actor.dropped], [400, 600])
    const many = Array.from({ length: 500 }, (_, index) => ({ type: "@xstate.actor", sessionId: `x:${index}` }))
    const actors = told(many)
    assert.strictEqual(actors.size, 200)
    assert.isTrue(actors.has("x:499"))
  })

  it("takes nothing that is not a message, and survives a definition that is none", () => {
    for (const data of [7, null, "x", [], {}, { ...common, type: "@xstate.microstep" }, { type: "@xstate.actor" }]) {
      assert.isUndefined(parse(data))
    }
    let deep: unknown = {}
    for (let depth = 0; depth < 5000; depth++) deep = { states: { inner: deep } }
    assert.isDefined(parseDefinition(deep))
    for (const bad of [7, "x", { states: 7 }, { states: { a: 7 }, on: 7, after: [], invoke: "x" }]) {
      assert.doesNotThrow(() => parseDefinition(bad))
    }
  })
})
