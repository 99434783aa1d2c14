import { assert, describe, it } from "@effect/vitest"
import {
  Archived,
  Diagram,
  Observation,
  Task,
  type TaskEvent,
  TaskHandle,
  TaskMachine,
  TaskStatus,
  Video,
  VideoTaskError
} from "@video-tasks/core"
import { Arbitrary, Effect, Redacted, Schema } from "effect"
import { inspect } from "node:util"
import { createMachine, transition } from "xstate"
import { archivedFile, created, event, events, observed, secret, video } from "./utils/arbitraries.ts"

const start = TaskMachine.initial(created())

const statuses = [...TaskStatus.running, ...TaskStatus.terminal]

/** A task in each state, reached by living. */
const inState = (status: TaskStatus.TaskStatus): TaskMachine.Snapshot =>
  TaskMachine.step(start, observed(1_500, { status, videos: status === "SUCCESS" ? [video()] : [] })).snapshot

const live = (events: ReadonlyArray<TaskEvent.TaskEvent>): ReadonlyArray<TaskMachine.Step> => {
  let snapshot = start
  return events.map((event) => {
    const step = TaskMachine.step(snapshot, event)
    snapshot = step.snapshot
    return step
  })
}

const encode = Schema.encodeSync(Schema.toCodecJson(TaskMachine.Persisted))
const decode = Schema.decodeSync(Schema.toCodecJson(TaskMachine.Persisted))
const encodeTask = Schema.encodeSync(Schema.toCodecJson(Task.Task))

/** What a store would keep, as text: everything that the machine remembers, URLs included. */
const kept = (snapshot: TaskMachine.Snapshot): string => JSON.stringify(encode(TaskMachine.persist(snapshot)))

/** Ten thousand lives, the same ones in every run. */
const lives = { arbitrary: { runs: 10_000, seed: "lives of tasks", size: 20 }, timeout: 60_000 }

describe("TaskMachine", () => {
  it("starts as SUBMITTED with what the creation says", () => {
    assert.deepStrictEqual(
      TaskMachine.toTask(TaskMachine.initial(created({ model: "seedance" }))),
      new Task.Submitted({
        id: created().id,
        handle: created().handle,
        model: "seedance",
        createdAt: 1_000,
        updatedAt: 1_000
      })
    )
  })

  describe("in a running state", () => {
    const cases = TaskStatus.running.flatMap((from) => statuses.map((to) => [from, to] as const))
    it.each(cases)("%s goes where the answer %s says, unless that is behind it", (from, to) => {
      const step = TaskMachine.step(inState(from), observed(2_000, { status: to, videos: [video()] }))
      const late = from === "IN_PROGRESS" && to === "SUBMITTED"
      assert.strictEqual(step.from, from)
      assert.strictEqual(step.to, late ? "IN_PROGRESS" : to)
      assert.strictEqual(step.verdict, late ? "ignored" : from === to ? "unchanged" : "changed")
    })

    it.each(TaskStatus.running)("%s ends when the task is cancelled, expired or lost", (from) => {
      const to = (event: TaskEvent.TaskEvent) => TaskMachine.step(inState(from), event).to
      assert.strictEqual(to({ type: "task.cancelled", at: 2_000 }), "CANCELLED")
      assert.strictEqual(to({ type: "task.expired", at: 2_000 }), "EXPIRED")
      assert.strictEqual(to({ type: "task.lost", at: 2_000, message: "gone" }), "ERROR")
    })
  })

  it("obeys nothing of an answer that lags behind", () => {
    const before = TaskMachine.step(
      start,
      observed(1_500, { status: "IN_PROGRESS", progress: 30, estimatedRemainingMs: 9_000 })
    ).snapshot
    const step = TaskMachine.step(before, observed(2_000, { status: "SUBMITTED", progress: 90, model: "other" }))
    assert.strictEqual(step.snapshot, before)
    assert.strictEqual(step.verdict, "ignored")
  })

  it("learns from an answer without a known word, and stays where it is", () => {
    const step = TaskMachine.step(start, observed(2_000, { unrecognised: "PONDERING", progress: 12 }))
    assert.strictEqual(step.verdict, "changed")
    assert.deepStrictEqual(
      TaskMachine.toTask(step.snapshot),
      new Task.Submitted({
        id: created().id,
        handle: created().handle,
        createdAt: 1_000,
        updatedAt: 2_000,
        progress: 12
      })
    )
  })

  it("says unchanged, and keeps the same snapshot, when an answer says nothing new", () => {
    const before = TaskMachine.step(start, observed(1_500, { status: "IN_PROGRESS", progress: 30 })).snapshot
    const step = TaskMachine.step(before, observed(9_000, { status: "IN_PROGRESS", progress: 30 }))
    assert.strictEqual(step.verdict, "unchanged")
    assert.strictEqual(step.snapshot, before)
  })

  it("forgets an estimate that is no longer given", () => {
    const before = TaskMachine.step(start, observed(1_500, { estimatedRemainingMs: 9_000 })).snapshot
    assert.strictEqual(before.context.task.estimatedRemainingMs, 9_000)
    const after = TaskMachine.step(before, observed(2_000)).snapshot
    assert.isFalse("estimatedRemainingMs" in after.context.task)
  })

  it("ends as FAILED with the reason, or with a stand-in", () => {
    const failure = Video.Failure.make({ message: "blocked", code: "content_policy", providerCode: null })
    const common = { id: created().id, handle: created().handle, createdAt: 1_000, updatedAt: 2_000 }
    assert.deepStrictEqual(
      TaskMachine.toTask(TaskMachine.step(start, observed(2_000, { status: "FAILED", failure })).snapshot),
      new Task.Failed({ ...common, failure, completedAt: 2_000 })
    )
    assert.deepStrictEqual(
      TaskMachine.toTask(TaskMachine.step(start, observed(2_000, { status: "FAILED" })).snapshot),
      new Task.Failed({
        ...common,
        failure: Video.Failure.make({ message: "the provider gave no reason" }),
        completedAt: 2_000
      })
    )
  })

  it("ends as ERROR with not_found when the provider no longer knows the task", () => {
    const task = TaskMachine.toTask(
      TaskMachine.step(start, { type: "task.lost", at: 2_000, message: "no such task" }).snapshot
    )
    assert.deepStrictEqual(
      task,
      new Task.Errored({
        id: created().id,
        handle: created().handle,
        createdAt: 1_000,
        updatedAt: 2_000,
        completedAt: 2_000,
        failure: Video.Failure.make({ code: "not_found", message: "no such task" })
      })
    )
  })

  it("keeps no signed URL of what is said about a lost task", () => {
    const message = "no task at https://cdn.example.com/v.mp4?X-Signature=SECRET"
    const { snapshot } = TaskMachine.step(start, { type: "task.lost", at: 2_000, message })
    assert.strictEqual(snapshot.context.task.failure?.message, "no task at https://cdn.example.com/v.mp4")
  })

  describe("and the times that a provider tells", () => {
    const attached = TaskMachine.initial(created({ at: 5_000 }))
    const ours = TaskMachine.initial(created({
      at: 5_000,
      handle: TaskHandle.TaskHandle.make({ ...created().handle, createdAt: 5_000 })
    }))
    const createdAt = (before: TaskMachine.Snapshot, said: number) =>
      TaskMachine.step(before, observed(9_000, { status: "IN_PROGRESS", createdAt: said })).snapshot.context.task
        .createdAt
    const completedAt = (event: TaskEvent.TaskEvent) => TaskMachine.step(ours, event).snapshot.context.task.completedAt

    it("takes the earlier one of two beginnings, of an attached task and of our own", () => {
      for (const task of [attached, ours]) {
        assert.deepStrictEqual([1, 3_000, 5_000, 7_000].map((said) => createdAt(task, said)), [1, 3_000, 5_000, 5_000])
      }
    })

    it("does not believe a beginning at zero, before it or after the answer", () => {
      for (const said of [-1, 0, 9_001]) {
        assert.deepStrictEqual([createdAt(attached, said), createdAt(ours, said)], [5_000, 5_000])
      }
    })

    it("says changed when only the beginning is new, and unchanged when it is told again", () => {
      const first = TaskMachine.step(attached, observed(6_000, { createdAt: 3_000 }))
      const second = TaskMachine.step(first.snapshot, observed(7_000, { createdAt: 3_000 }))
      assert.deepStrictEqual([first.verdict, second.verdict], ["changed", "unchanged"])
    })

    it("says when a task ended, within its life", () => {
      for (const status of TaskStatus.terminal) {
        const end = (completedAt: number, more = {}) =>
          observed(9_000, { status, videos: [video()], completedAt, ...more })
        assert.deepStrictEqual(
          [7_000, 4_000, 9_001, 0, -1].map((said) => completedAt(end(said))),
          [7_000, 5_000, 9_000, 9_000, 9_000],
          status
        )
        assert.strictEqual(completedAt(end(4_000, { createdAt: 3_000 })), 4_000, status)
      }
    })

    it("proves nothing about a task that runs", () => {
      const step = TaskMachine.step(ours, observed(6_000, { status: "IN_PROGRESS", completedAt: 5_500 }))
      assert.strictEqual(step.to, "IN_PROGRESS")
      assert.isFalse("completedAt" in step.snapshot.context.task)
      const end = TaskMachine.step(step.snapshot, observed(9_000, { status: "FAILED" })).snapshot
      assert.strictEqual(end.context.task.completedAt, 9_000)
    })

    it("counts for nothing when we ended the task", () => {
      assert.strictEqual(completedAt({ type: "task.cancelled", at: 9_000 }), 9_000)
    })
  })

  describe("success without a video", () => {
    const success = (at: number) => observed(at, { status: "SUCCESS" })

    it("is believed at the third read", () => {
      const steps = live([success(2_000), success(3_000), success(4_000)])
      assert.deepStrictEqual(steps.map((step) => step.to), ["IN_PROGRESS", "IN_PROGRESS", "SUCCESS"])
      assert.deepStrictEqual(steps.map((step) => step.verdict), ["changed", "changed", "changed"])
    })

    it("is believed after 30 s", () => {
      assert.deepStrictEqual(live([success(2_000), success(31_999)]).map((step) => step.to), [
        "IN_PROGRESS",
        "IN_PROGRESS"
      ])
      assert.deepStrictEqual(live([success(2_000), success(32_000)]).map((step) => step.to), [
        "IN_PROGRESS",
        "SUCCESS"
      ])
    })

    it("becomes a success with the video once there is one", () => {
      const steps = live([success(2_000), observed(3_000, { status: "SUCCESS", videos: [video()] })])
      assert.deepStrictEqual(
        TaskMachine.toTask(steps[1]!.snapshot),
        new Task.Success({
          id: created().id,
          handle: created().handle,
          createdAt: 1_000,
          updatedAt: 3_000,
          completedAt: 3_000,
          progress: 100,
          videos: [video()]
        })
      )
    })

    it("counts on after a restart", () => {
      const before = live([success(2_000), success(3_000)])[1]!.snapshot
      const restored = TaskMachine.restore(decode(encode(TaskMachine.persist(before))))
      assert.strictEqual(TaskMachine.step(restored, success(4_000)).to, "SUCCESS")
    })

    it("can still turn out to be a failure", () => {
      assert.deepStrictEqual(live([success(2_000), observed(3_000, { status: "FAILED" })]).map((step) => step.to), [
        "IN_PROGRESS",
        "FAILED"
      ])
    })
  })

  describe("and the estimate", () => {
    const estimate = new Video.Cost({ amount: 0.25, unit: "USD", kind: "estimate" })
    const bill = new Video.Cost({ amount: 0.31, unit: "USD", kind: "bill" })
    const first = TaskMachine.initial({ ...created(), estimate })
    const costs = (fields: Partial<Observation.Observation>) => {
      const observation = new Observation.Observation({ videos: [], ...fields })
      const { snapshot } = TaskMachine.step(first, {
        type: "task.observed",
        at: first.context.task.updatedAt,
        observation
      })
      const { cost, estimate, status } = TaskMachine.toTask(
        TaskMachine.restore(decode(encode(TaskMachine.persist(snapshot))))
      )
      return { status, cost, estimate }
    }

    it("is the cost until there is a bill, and stays beside it", () => {
      const videos = [new Video.Video({ url: Redacted.make("https://cdn.example.com/v.mp4") })]
      assert.deepStrictEqual(costs({ status: "IN_PROGRESS" }), { status: "IN_PROGRESS", cost: estimate, estimate })
      assert.deepStrictEqual(costs({ status: "SUCCESS", videos }), { status: "SUCCESS", cost: estimate, estimate })
      assert.deepStrictEqual(costs({ status: "SUCCESS", videos, cost: bill }), {
        status: "SUCCESS",
        cost: bill,
        estimate
      })
    })

    it("is no cost of a task that ended without a video, and a bill is", () => {
      for (const status of ["FAILED", "ERROR", "CANCELLED", "EXPIRED"] as const) {
        assert.deepStrictEqual(costs({ status }), { status, cost: undefined, estimate })
        assert.deepStrictEqual(costs({ status, cost: bill }), { status, cost: bill, estimate })
      }
    })
  })

  describe("in an end", () => {
    const archived = (at: number, key: string): TaskEvent.TaskEvent => ({
      type: "task.archived",
      at,
      files: [archivedFile(key)]
    })

    it("says where the files of a success are kept, and nothing else changes", () => {
      const before = inState("SUCCESS")
      const step = TaskMachine.step(before, archived(9_000, "a/1.mp4"))
      assert.deepStrictEqual([step.from, step.to, step.verdict], ["SUCCESS", "SUCCESS", "changed"])
      const task = TaskMachine.toTask(before)
      assert.deepStrictEqual(
        TaskMachine.toTask(step.snapshot),
        new Task.Success({
          ...(task as Task.Success),
          updatedAt: 9_000,
          archived: new Archived.Archived({ at: 9_000, files: [archivedFile("a/1.mp4")] })
        })
      )
    })

    it("believes the first who says where the files are kept", () => {
      const before = TaskMachine.step(inState("SUCCESS"), archived(9_000, "a/1.mp4")).snapshot
      const step = TaskMachine.step(before, archived(9_500, "b/1.mp4"))
      assert.deepStrictEqual([step.snapshot, step.verdict], [before, "ignored"])
    })

    it("keeps no files of a task that runs, or that ended otherwise", () => {
      for (const status of statuses.filter((one) => one !== "SUCCESS")) {
        const before = inState(status)
        const step = TaskMachine.step(before, archived(9_000, "a/1.mp4"))
        assert.deepStrictEqual([step.snapshot, step.verdict], [before, "ignored"])
      }
    })

    it("says who had a task cancelled", () => {
      const ours = TaskMachine.toTask(TaskMachine.step(start, { type: "task.cancelled", at: 2_000 }).snapshot)
      const theirs = TaskMachine.toTask(TaskMachine.step(start, observed(2_000, { status: "CANCELLED" })).snapshot)
      assert.deepStrictEqual(
        [ours, theirs].map((task) => [task.status, (task as Task.Cancelled).byRequest]),
        [["CANCELLED", true], ["CANCELLED", undefined]]
      )
      assert.deepStrictEqual(
        [ours, theirs].map((task) => Task.failureOf(task as Task.Cancelled)?.reason),
        [new VideoTaskError.TaskCancelled({ byRequest: true }), new VideoTaskError.TaskCancelled()]
      )
    })

    it.prop(
      "returns the finished snapshot itself, whatever comes",
      [Arbitrary.schema(Schema.Literals(TaskStatus.terminal)), event],
      ([status, event]) => {
        if (status === "SUCCESS" && event.type === "task.archived") return
        const before = inState(status)
        assert.strictEqual(before.value, status)
        assert.deepStrictEqual(TaskMachine.step(before, event), {
          snapshot: before,
          from: status,
          to: status,
          verdict: "ignored"
        })
        assert.strictEqual(TaskMachine.step(before, event).snapshot, before)
      },
      { arbitrary: { runs: 1_000, seed: "ends" }, timeout: 60_000 }
    )

    it("stays there after a restart", () => {
      for (const status of TaskStatus.terminal) {
        const restored = TaskMachine.restore(decode(encode(TaskMachine.persist(inState(status)))))
        assert.strictEqual(restored.status, "done")
        assert.strictEqual(TaskMachine.step(restored, { type: "task.lost", at: 9_000, message: "" }).verdict, "ignored")
      }
    })
  })

  describe("over ten thousand lives", () => {
    it.effect("meets every transition, verdict and state", () =>
      Effect.gen(function*() {
        const seen = new Set<string>()
        const { runs: count, ...options } = lives.arbitrary
        for (const life of yield* Arbitrary.sampleEffect(events, { ...options, count })) {
          for (const { from, snapshot, to, verdict } of live(life)) {
            seen.add(`${from} to ${to}`).add(verdict)
            if (to === "SUCCESS") seen.add(snapshot.context.task.videos.length === 0 ? "no video" : "video")
          }
        }
        const moves = [
          ...statuses.map((to) => `SUBMITTED to ${to}`),
          ...statuses.filter((to) => to !== "SUBMITTED").map((to) => `IN_PROGRESS to ${to}`),
          ...TaskStatus.terminal.map((end) => `${end} to ${end}`)
        ]
        assert.deepStrictEqual(
          [...seen].sort(),
          [...moves, "changed", "unchanged", "ignored", "video", "no video"].sort()
        )
      }), lives.timeout)

    it.prop("never leaves an end, and never goes back", { events }, ({ events }) => {
      const order = (status: TaskStatus.TaskStatus) =>
        TaskStatus.isTerminal(status) ? 2 : status === "IN_PROGRESS" ? 1 : 0
      let at: TaskStatus.TaskStatus = start.value
      let kept = 0
      for (const { from, snapshot, to, verdict } of live(events)) {
        assert.strictEqual(from, at)
        assert.strictEqual(snapshot.value, to)
        assert.isAtLeast(order(to), order(from))
        if (TaskStatus.isTerminal(from)) {
          assert.strictEqual(to, from)
          if (verdict !== "ignored") assert.deepStrictEqual([from, verdict, ++kept], ["SUCCESS", "changed", 1])
        }
        at = to
      }
    }, lives)

    it.prop("never lets progress fall, and succeeds at 100", { events }, ({ events }) => {
      let highest = 0
      for (const { snapshot } of live(events)) {
        const progress = snapshot.context.task.progress ?? 0
        assert.isAtLeast(progress, highest)
        if (snapshot.value === "SUCCESS") assert.strictEqual(progress, 100)
        highest = progress
      }
    }, lives)

    it.prop("leads to the same by the journal of its changes, URLs included", { events }, ({ events }) => {
      const steps = live(events)
      const journal = events.filter((_, index) => steps[index]!.verdict === "changed")
      const lived = steps.at(-1)?.snapshot ?? start
      const replayed = TaskMachine.replay([created(), ...journal])
      assert.strictEqual(kept(replayed), kept(lived))
      assert.deepStrictEqual(encodeTask(TaskMachine.toTask(replayed)), encodeTask(TaskMachine.toTask(lived)))
      assert.deepStrictEqual(TaskMachine.replay([created(), ...events]), replayed)
    }, lives)

    it.prop(
      "leads to the same by the journal of its changes with the times that the provider tells",
      { events, times: Arbitrary.array(Arbitrary.schema(Schema.Literals([-1, 0, 1, 900, 2_500, 40_000]))) },
      ({ events, times }) => {
        const told = events.map((event, index): TaskEvent.TaskEvent => {
          const time = times[index]
          if (event.type !== "task.observed" || time === undefined) return event
          return observed(event.at, { ...event.observation, createdAt: time, completedAt: time + 1_000 })
        })
        const steps = live(told)
        const journal = told.filter((_, index) => steps[index]!.verdict === "changed")
        assert.strictEqual(
          kept(TaskMachine.replay([created(), ...journal])),
          kept(steps.at(-1)?.snapshot ?? start)
        )
      },
      { ...lives, arbitrary: { ...lives.arbitrary, runs: 1_000 } }
    )

    it.prop("goes on the same after a restart at any point", { events }, ({ events }) => {
      let restarted = start
      for (const event of events) {
        const snapshot = TaskMachine.restore(decode(JSON.parse(kept(restarted))))
        restarted = TaskMachine.step(snapshot, event).snapshot
      }
      assert.strictEqual(kept(restarted), kept(live(events).at(-1)?.snapshot ?? start))
    }, { ...lives, arbitrary: { ...lives.arbitrary, runs: 1_000 } })
  })

  it.prop(
    "steps as XState's own transition does, in every running state and on every event",
    { before: events, event },
    ({ before, event }) => {
      const reached = live(before).map((step) => step.snapshot)
      for (const snapshot of [start, ...reached].filter((one) => !TaskStatus.isTerminal(one.value))) {
        const [theirs] = transition(TaskMachine.machine, snapshot, event)
        const { snapshot: ours } = TaskMachine.step(snapshot, event)
        assert.deepStrictEqual(
          { value: ours.value, context: ours.context, status: ours.status },
          { value: theirs.value, context: theirs.context, status: theirs.status }
        )
      }
    },
    { arbitrary: { runs: 2_000, seed: "transition", size: 20 }, timeout: 60_000 }
  )

  it("is the same machine when it is made again from its JSON", () => {
    const config = JSON.parse(JSON.stringify(TaskMachine.machine.config))
    assert.deepStrictEqual(
      Diagram.fromMachine(createMachine(config)),
      Diagram.fromMachine(TaskMachine.machine)
    )
  })

  it("names all its guards and actions", () => {
    const { actions, guards } = TaskMachine.machine.implementations
    const graph = Diagram.fromMachine(TaskMachine.machine)
    const used = new Set(graph.edges.flatMap((edge) => edge.actions))
    assert.deepStrictEqual([...used].sort(), Object.keys(actions).sort())
    assert.deepStrictEqual(Object.keys(guards).sort(), ["reports", "succeeded", "succeededWithoutVideo"])
  })

  describe("and the signed URL", () => {
    const success = inState("SUCCESS")
    const url = `https://cdn.example/out.mp4?${secret}`

    it.effect("survives the store's encoding", () =>
      Effect.gen(function*() {
        assert.include(kept(success), url)
        const restored = TaskMachine.restore(decode(JSON.parse(kept(success))))
        const task = TaskMachine.toTask(restored)
        assert.strictEqual(task.status, "SUCCESS")
        if (task.status === "SUCCESS") assert.strictEqual(Redacted.value(task.videos[0]!.url), url)
      }))

    it("is in no text of a task, a snapshot or an event", () => {
      const task = TaskMachine.toTask(success)
      const event = observed(2_000, { status: "SUCCESS", videos: [video()] })
      for (const value of [task, success, TaskMachine.persist(success), event]) {
        for (const text of [JSON.stringify(value), String(value), inspect(value, { depth: 20, showHidden: true })]) {
          assert.notInclude(text, secret)
        }
      }
      assert.include(JSON.stringify(task), "<redacted:video url>")
    })
  })
})
