import { assert, describe, it, vi } from "@effect/vitest"
import { Archived, type Task, TaskEvent, TaskMachine, VideoTaskError } from "@video-tasks/core"
import { NodeHttp, SqliteTaskStore } from "@video-tasks/node"
import { Archive, TaskObserver, TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, DateTime, Effect, Exit, Fiber, Layer, Logger, Metric, Schema, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { inspect } from "node:util"
import * as World from "./support/archiveWorld.ts"
import * as Sockets from "./support/sockets.ts"

const file = World.movie(300_000)

/** Runs an effect while the clock and the files go on. */
const running = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* World.until(() => fiber.pollUnsafe() !== undefined)
    return yield* Fiber.join(fiber)
  })

const submitted = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  return yield* tasks.submit(World.request)
})

/** Submits a task and waits until its files are kept. */
const keepOne = Effect.gen(function*() {
  const tasks = yield* VideoTasks.VideoTasks
  const handle = yield* submitted
  const archived = yield* running(tasks.awaitArchived(handle))
  return { handle, archived, task: yield* tasks.get(handle) as Effect.Effect<Task.Success> }
})

const files = (web: ReturnType<typeof World.web>, options: Archive.FilesOptions) =>
  Archive.layerFiles(options).pipe(Layer.provide(web.layer), Layer.provide(World.platform))

const good = (path: string) => path.endsWith(".jpg") ? World.picture : file

const snapshotText = Schema.encodeSync(Schema.toCodecJson(TaskMachine.Persisted))

describe("Archive", () => {
  it.effect("keeps the video and its thumbnail, and the journal says where", () =>
    Effect.gen(function*() {
      const directory = yield* World.temporary
      const web = World.web(good)
      const steps: Array<TaskObserver.ObservedStep> = []
      yield* Effect.gen(function*() {
        const { archived, task } = yield* keepOne
        const day = DateTime.formatIsoDateUtc(DateTime.makeUnsafe(task.completedAt))
        const prefix = `double/${day}/${task.id}`
        const base = `file://${Fs.realpathSync(Path.dirname(directory))}/${Path.basename(directory)}/kept`
        assert.deepStrictEqual(
          archived,
          new Archived.Archived({
            at: archived.at,
            files: [
              new Archived.ArchivedFile({
                kind: "video",
                index: 0,
                key: `${prefix}/video.mp4`,
                uri: `${base}/${prefix}/video.mp4`,
                bytes: file.length,
                sha256: World.sha256(file),
                mimeType: "video/mp4"
              }),
              new Archived.ArchivedFile({
                kind: "thumbnail",
                index: 0,
                key: `${prefix}/thumbnail.jpg`,
                uri: `${base}/${prefix}/thumbnail.jpg`,
                bytes: World.picture.length,
                sha256: World.sha256(World.picture),
                mimeType: "image/jpeg"
              })
            ]
          })
        )
        assert.deepStrictEqual(World.listing(directory), archived.files.map(({ key }) => `kept/${key}`).sort())
        const path = Path.join(directory, "kept", archived.files[0].key)
        assert.isTrue(Fs.readFileSync(path).equals(file))
        assert.strictEqual(Fs.statSync(path).mode & 0o777, 0o600)
        assert.strictEqual(Fs.statSync(Path.dirname(path)).mode & 0o777, 0o700)
        assert.deepStrictEqual([task.status, task.archived], ["SUCCESS", archived])

        const store = yield* TaskStore.TaskStore
        const stored = yield* store.load(task.id)
        const events = yield* store.events(task.id)
        assert.deepStrictEqual(events.map((event) => event.type), ["task.created", "task.observed", "task.archived"])
        const [first, ...rest] = events
        assert.strictEqual(first?.type, "task.created")
        if (first?.type !== "task.created" || stored === undefined) return
        assert.deepStrictEqual(
          snapshotText(TaskMachine.persist(TaskMachine.replay([first, ...rest]))),
          snapshotText(stored.snapshot)
        )
        const event = Schema.encodeSync(Schema.toCodecJson(TaskEvent.JournalEvent))(events[2]!)
        assert.notInclude(JSON.stringify(event), World.secret)
      }).pipe(
        Effect.provide(
          World.layer({
            archive: files(web, { directory: Path.join(directory, "kept") }),
            provider: { observations: [World.success(World.video({ thumbnail: true }))] }
          }).pipe(Layer.provide(Layer.succeed(TaskObserver.TaskObserver, {
            step: (step) => Effect.sync(() => void steps.push(step))
          })))
        )
      )
      assert.deepStrictEqual(
        steps.map(({ event, from, seq, to }) => [seq, event.type, from, to]).at(-1),
        [2, "task.archived", "SUCCESS", "SUCCESS"]
      )
      assert.notInclude(inspect(steps, { depth: 20 }), World.secret)
      assert.deepStrictEqual(web.seen, ["/v.mp4", "/t.jpg"])
    }))

  it.live("fetches over real connections", () =>
    Effect.gen(function*() {
      const directory = yield* World.temporary
      const origin = yield* Sockets.http((_, response) => {
        response.writeHead(200, { "content-length": file.length }).end(file)
      })
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const { files } = yield* tasks.awaitArchived(yield* submitted)
        assert.isTrue(Fs.readFileSync(Path.join(directory, files[0].key)).equals(file))
      }).pipe(
        Effect.provide(World.layer({
          archive: Archive.layerFiles({ directory, download: { allowPrivateAddresses: true } }).pipe(
            Layer.provide(NodeHttp.layer({ proxy: "none" })),
            Layer.provide(World.platform)
          ),
          provider: { observations: [World.success(World.video({ url: `${origin}/v.mp4` }))] }
        }))
      )
    }))

  it.effect("begins by itself, tries again, and harms no task: the failure is logged, counted and visible", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ message }) => void logged.push(inspect(message)))
    const archive = World.memory([World.refused, World.refused])
    const web = World.web(good)
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* submitted
      const done = yield* running(tasks.await(handle))
      assert.deepStrictEqual([done.status, done.archived], ["SUCCESS", undefined])
      yield* World.until(() => archive.puts.length === 1, "0 seconds")
      yield* World.until(() => logged.some((line) => line.includes("not archived yet")), "0 seconds")
      assert.deepStrictEqual(yield* tasks.archiveInfo(handle), {
        state: "pending",
        attempts: 1,
        lastFailure: "the archive failed: the disk is full"
      })
      yield* World.until(() => archive.kept.size === 1)
      yield* running(tasks.awaitArchived(handle))
      assert.deepStrictEqual(yield* tasks.archiveInfo(handle), { state: "archived", attempts: 0 })
      assert.strictEqual(archive.puts.length, 3)
      const counted = (yield* Metric.snapshot).filter((one) => one.id === "video_tasks_archives")
      assert.deepStrictEqual(
        Object.fromEntries(
          counted.map(({ attributes, state }) => [attributes?.["outcome"], "count" in state ? state.count : 0])
        ),
        { ArchiveError: 2, archived: 1 }
      )
      assert.notInclude(logged.join("\n"), World.secret)
    }).pipe(
      Effect.provide(
        World.layer({
          archive: World.archive(archive.storage, web.layer),
          provider: { observations: [World.success(World.video())] }
        }).pipe(Layer.provideMerge(Logger.layer([logger])))
      ),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })

  it.effect("shows no secret of where an archive says that a file is", () => {
    const archive = World.memory()
    return Effect.gen(function*() {
      const { archived } = yield* keepOne
      assert.strictEqual(archived.files[0].uri, `https://archive.example.com/${archived.files[0].key}`)
    }).pipe(Effect.provide(World.layer({
      archive: World.archive(archive.storage, World.web(good).layer),
      provider: { observations: [World.success(World.video())] }
    })))
  })

  it.effect("heals a link that has lapsed by asking the provider once", () => {
    const archive = World.memory()
    const web = World.web((path) => path === "/fresh.mp4" ? file : 403)
    return Effect.gen(function*() {
      const { archived } = yield* keepOne
      assert.strictEqual(archived.files[0].sha256, World.sha256(file))
      assert.deepStrictEqual(web.seen, ["/v.mp4", "/fresh.mp4"])
    }).pipe(Effect.provide(World.layer({
      archive: World.archive(archive.storage, web.layer),
      provider: { observations: [World.success(World.video()), World.success(World.video({ name: "fresh" }))] }
    })))
  })

  it.effect("keeps the video without its thumbnail when that can't be had", () => {
    const archive = World.memory()
    const web = World.web((path) => path.endsWith(".jpg") ? Buffer.from("<html>sorry</html>") : file)
    return Effect.gen(function*() {
      const { archived } = yield* keepOne
      assert.deepStrictEqual(archived.files.map(({ index, kind }) => [kind, index]), [["video", 0]])
      assert.deepStrictEqual([...archive.kept.keys()], [archived.files[0].key])
    }).pipe(Effect.provide(World.layer({
      archive: World.archive(archive.storage, web.layer),
      provider: { observations: [World.success(World.video({ thumbnail: true }))] }
    })))
  })

  it.effect("keeps every video of a task under a name of its own", () => {
    const archive = World.memory()
    return Effect.gen(function*() {
      const { archived } = yield* keepOne
      assert.deepStrictEqual(archived.files.map(({ index, key }) => [index, Path.basename(key)]), [
        [0, "video.mp4"],
        [1, "video-2.mp4"]
      ])
    }).pipe(Effect.provide(World.layer({
      archive: World.archive(archive.storage, World.web(good).layer),
      provider: { observations: [World.success(World.video(), World.video({ name: "w" }))] }
    })))
  })

  it.effect("gives up when the link has lapsed and there is no fresh one; the next process takes it up again", () => {
    let isUp = false
    const archive = World.memory()
    const web = World.web(() => isUp ? file : 503)
    const expiresAt = 3_600_000
    const provider = { observations: [World.success(World.video({ expiresAt }))] }
    const live = (store?: Layer.Layer<TaskStore.TaskStore>) =>
      World.layer({ archive: World.archive(archive.storage, web.layer), provider, store })
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const same = Layer.succeed(TaskStore.TaskStore, store)
      const handle = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* submitted
        const fiber = yield* Effect.forkChild(Effect.flip(tasks.awaitArchived(handle)))
        yield* World.until(() => fiber.pollUnsafe() !== undefined, "1 minute")
        const error = yield* Fiber.join(fiber)
        assert.deepStrictEqual([error.reason._tag, error.handle], ["DownloadFailed", handle])
        const info = yield* tasks.archiveInfo(handle)
        assert.strictEqual(info?.state, "given up")
        assert.isAbove(info?.attempts ?? 0, 1)
        assert.isAtLeast(yield* Clock.currentTimeMillis, expiresAt)
        const task = yield* tasks.get(handle)
        assert.strictEqual(task.status, "SUCCESS")
        return handle
      }).pipe(Effect.provide(live(same)))
      isUp = true
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        assert.deepStrictEqual(yield* tasks.archiveInfo(handle), { state: "missing", attempts: 0 })
        assert.deepStrictEqual((yield* tasks.resume()).archiving, [handle])
        yield* World.until(() => archive.kept.size === 1)
        yield* running(tasks.awaitArchived(handle))
        assert.strictEqual((yield* tasks.archiveInfo(handle))?.state, "archived")
      }).pipe(Effect.provide(live(same)))
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  it.effect("gives a file up after as many retries as it may have, and begins anew when it is asked", () => {
    const { puts, storage } = World.memory(Array.from({ length: 5 }, () => World.refused))
    return Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* submitted
      const error = yield* Effect.flip(running(tasks.awaitArchived(handle)))
      assert.deepStrictEqual([error.reason._tag, puts.length], ["StoreError", 3])
      const info = yield* tasks.archiveInfo(handle)
      assert.deepStrictEqual([info?.state, info?.attempts], ["given up", 3])
      const { files } = yield* running(tasks.awaitArchived(handle))
      assert.deepStrictEqual([files.map(({ kind }) => kind), puts.length], [["video", "thumbnail"], 7])
    }).pipe(Effect.provide(World.layer({
      archive: World.archive(storage, World.web(good).layer, { retries: 2 }),
      provider: { observations: [World.success(World.video({ thumbnail: true }))] }
    })))
  })

  it.effect("fetches no more files at once than it may, however many engines use it", () => {
    const { kept, storage } = World.memory()
    const out = { now: 0, most: 0 }
    const slow: Archive.Storage = {
      ...storage,
      put: (key, content) =>
        Effect.suspend(() => {
          out.most = Math.max(out.most, ++out.now)
          return Effect.andThen(Effect.sleep("10 seconds"), storage.put(key, content))
        }).pipe(Effect.ensuring(Effect.sync(() => out.now--)))
    }
    return Effect.gen(function*() {
      const archive = yield* Archive.Archive
      const engine = World.layer({
        archive: Layer.succeed(Archive.Archive, archive),
        provider: { observations: [World.success(World.video())] },
        store: Layer.fresh(TaskStore.layerMemory)
      })
      const engines = yield* Effect.forEach([1, 2], () => Layer.build(Layer.fresh(engine)))
      const keepOne = Effect.flatMap(
        VideoTasks.VideoTasks,
        (tasks) => Effect.flatMap(tasks.submit(World.request), (handle) => tasks.awaitArchived(handle))
      )
      yield* running(Effect.forEach(
        engines.flatMap((context) => [1, 2, 3].map(() => Effect.provideContext(keepOne, context))),
        (one) => one,
        { concurrency: "unbounded", discard: true }
      ))
      assert.deepStrictEqual([out.most, kept.size], [2, 6])
    }).pipe(Effect.provide(World.archive(slow, World.web(good).layer, { concurrency: 2 })))
  })

  it.effect("goes on after a crash between the file and the journal, without fetching anything again", () =>
    Effect.gen(function*() {
      const directory = yield* World.temporary
      const store = SqliteTaskStore.layer({ filename: Path.join(directory, "tasks.db") })
      const provider = { observations: [World.success(World.video({ thumbnail: true }))] }
      const kept = Path.join(directory, "kept")
      // The first process has no archive: a file lies where a second one had put it before it died.
      const task = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        return yield* running(tasks.await(yield* submitted))
      }).pipe(Effect.provide(World.layer({ provider, store })))
      const keys = [["video", "video/mp4", file], ["thumbnail", "image/jpeg", World.picture]] as const
      for (const [kind, type, bytes] of keys) {
        const path = Path.join(kept, Archive.keyOf({ task, kind, index: 0 }, type))
        Fs.mkdirSync(Path.dirname(path), { recursive: true })
        Fs.writeFileSync(path, bytes)
      }
      const web = World.web(good)
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* tasks.resume()
        const archived = yield* running(tasks.awaitArchived(task.handle))
        assert.deepStrictEqual(
          archived.files.map(({ bytes, kind, sha256 }) => [kind, bytes, sha256]),
          keys.map(([kind, , bytes]) => [kind, bytes.length, World.sha256(bytes)])
        )
        assert.deepStrictEqual(web.seen, [])
      }).pipe(Effect.provide(World.layer({ provider, store, archive: files(web, { directory: kept }) })))
    }))

  it.effect("is written once into the journal when two processes keep the same task", () => {
    const archive = World.memory()
    const web = World.web(good)
    const provider = { observations: [World.success(World.video())] }
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const same = Layer.succeed(TaskStore.TaskStore, store)
      const task = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        return yield* running(tasks.await(yield* submitted))
      }).pipe(Effect.provide(World.layer({ provider, store: same })))
      const live = World.layer({ provider, store: same, archive: World.archive(archive.storage, web.layer) })
      const process = Effect.provide(
        Effect.flatMap(VideoTasks.VideoTasks, (tasks) => tasks.awaitArchived(task.handle)),
        live
      )
      const [one, two] = yield* running(Effect.all([process, process], { concurrency: 2 }))
      assert.deepStrictEqual(one, two)
      const events = yield* store.events(task.id)
      assert.strictEqual(events.filter((event) => event.type === "task.archived").length, 1)
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  it.effect("takes up what succeeded within the look-back and is not kept, and reads nothing older", () => {
    const archive = World.memory()
    const provider = { observations: [World.success(World.video())] }
    const asked: Array<number | undefined> = []
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const same = Layer.succeed(TaskStore.TaskStore, {
        ...store,
        list: (filter: TaskStore.StoreFilter, cursor?: string) => {
          asked.push(filter.changedSince)
          return cursor === undefined ? store.list(filter) : store.list(filter, cursor)
        }
      })
      const task = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        return yield* running(tasks.await(yield* submitted))
      }).pipe(Effect.provide(World.layer({ provider, store: same })))
      yield* TestClock.adjust("8 days")
      const found = yield* Effect.forEach(
        ["7 days", "9 days"] as const,
        (lookBack) => Effect.map(Archive.unkept(store, lookBack), (all) => all.map(({ snapshot }) => snapshot.task.id))
      )
      assert.deepStrictEqual(found, [[], [task.id]])
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        assert.deepStrictEqual((yield* tasks.resume()).archiving, [task.handle])
        assert.isBelow((yield* Clock.currentTimeMillis) - (asked.at(-1) ?? 0), 9.1 * 86_400_000)
        yield* running(tasks.awaitArchived(task.handle))
        assert.deepStrictEqual((yield* tasks.resume()).archiving, [])
      }).pipe(Effect.provide(World.layer({
        provider,
        store: same,
        archive: World.archive(archive.storage, World.web(good).layer, { lookBack: "9 days" })
      })))
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  it.effect("leaves successes alone that are too old to be found", () => {
    const archive = World.memory()
    const provider = { observations: [World.success(World.video())] }
    return Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const same = Layer.succeed(TaskStore.TaskStore, store)
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        yield* running(tasks.await(yield* submitted))
      }).pipe(Effect.provide(World.layer({ provider, store: same })))
      yield* TestClock.adjust("8 days")
      yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        assert.deepStrictEqual((yield* tasks.resume()).archiving, [])
        let turns = 0
        yield* World.until(() => ++turns > 50)
        assert.deepStrictEqual(archive.puts, [])
      }).pipe(Effect.provide(World.layer({
        provider,
        store: same,
        archive: World.archive(archive.storage, World.web(good).layer)
      })))
    }).pipe(Effect.provide(TaskStore.layerMemory))
  })

  it.effect("stops with its layer, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const scratch = yield* World.temporary
      yield* Effect.acquireRelease(
        Effect.sync(() => vi.stubEnv("TMPDIR", scratch)),
        () => Effect.sync(() => vi.unstubAllEnvs())
      )
      const archive = World.memory()
      let isStarted = false
      const stuck: Archive.Storage = {
        ...archive.storage,
        put: () => {
          isStarted = true
          return Effect.never
        }
      }
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        World.layer({
          archive: World.archive(stuck, World.web(good).layer),
          provider: { observations: [World.success(World.video())] }
        }),
        scope
      )
      const waiting = yield* Effect.gen(function*() {
        const tasks = yield* VideoTasks.VideoTasks
        const handle = yield* submitted
        return yield* Effect.forkChild(tasks.awaitArchived(handle))
      }).pipe(Effect.provideContext(context))
      yield* World.until(() => isStarted)
      assert.deepStrictEqual(World.listing(scratch).map((name) => Path.basename(name)), ["file"])
      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(waiting)))
      assert.deepStrictEqual(Fs.readdirSync(scratch), [])
    }))

  it.effect("holds up no end while its record is with a store that has fallen silent", () => {
    let isSilent = false
    const store = Layer.effect(
      TaskStore.TaskStore,
      Effect.map(TaskStore.TaskStore, (store) =>
        TaskStore.TaskStore.of({
          ...store,
          append: (id, version, events, next) =>
            Effect.suspend(() => {
              isSilent ||= events.some(({ type }) => type === "task.archived")
              return isSilent ? Effect.uninterruptible(Effect.never) : store.append(id, version, events, next)
            })
        }))
    ).pipe(Layer.provide(TaskStore.layerMemory))
    return Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        World.layer({
          archive: World.archive(World.memory().storage, World.web(good).layer),
          provider: { observations: [World.success(World.video())] },
          store
        }),
        scope
      )
      const kept = Effect.flatMap(submitted, (handle) => VideoTasks.VideoTasks.use((_) => _.awaitArchived(handle)))
      yield* Effect.forkChild(Effect.provideContext(kept, context))
      yield* World.until(() => isSilent)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("10 seconds")
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(closing)))
    })
  })

  it.effect("says so when there is no archive", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* submitted
      const error = yield* running(Effect.flip(tasks.awaitArchived(handle)))
      assert.deepStrictEqual([error.reason._tag, error.handle], ["Unsupported", handle])
      assert.deepStrictEqual(yield* tasks.archiveInfo(handle), { state: "missing", attempts: 0 })
    }).pipe(Effect.provide(World.layer({ provider: { observations: [World.success(World.video())] } }))))

  it.effect("fails as the task does when it did not succeed", () =>
    Effect.gen(function*() {
      const tasks = yield* VideoTasks.VideoTasks
      const handle = yield* submitted
      assert.isUndefined(yield* tasks.archiveInfo(handle))
      const error = yield* running(Effect.flip(tasks.awaitArchived(handle, { deadline: "5 minutes" })))
      assert.instanceOf(error.reason, VideoTaskError.WaitTimedOut)
    }).pipe(Effect.provide(World.layer({}))))

  describe("in a directory", () => {
    const content = (bytes: Uint8Array, sha256 = World.sha256(bytes)): Archive.Content => ({
      bytes: bytes.length,
      sha256,
      mimeType: "video/mp4",
      stream: Stream.fromIterable([bytes.subarray(0, 5), bytes.subarray(5)])
    })

    const opened = (more: Partial<Archive.FilesOptions> = {}) =>
      Effect.gen(function*() {
        const directory = yield* World.temporary
        const context = yield* Layer.build(files(World.web(good), { directory, ...more }))
        return { directory, archive: yield* Effect.provideContext(Archive.Archive, context) }
      })

    it.effect("finds what it keeps, and nothing else", () =>
      Effect.gen(function*() {
        const { archive, directory } = yield* opened()
        assert.isUndefined(yield* archive.exists("a/b.mp4"))
        yield* archive.put("a/b.mp4", content(file))
        assert.deepStrictEqual(yield* archive.exists("a/b.mp4"), { bytes: file.length, sha256: World.sha256(file) })
        assert.isUndefined(yield* archive.exists("a"))
        yield* archive.put("a/b.mp4", content(World.picture))
        assert.isTrue(Fs.readFileSync(Path.join(directory, "a/b.mp4")).equals(World.picture))
        assert.deepStrictEqual(World.listing(directory), ["a/b.mp4"])
      }))

    it.effect("keeps nothing of a file that is not what was announced", () =>
      Effect.gen(function*() {
        const { archive, directory } = yield* opened()
        const error = yield* Effect.flip(archive.put("a/b.mp4", content(file, World.sha256(World.picture))))
        assert.deepStrictEqual(
          error,
          new Archive.ArchiveError({ detail: "the file changed on its way", retryable: true })
        )
        assert.deepStrictEqual(World.listing(directory), [])
      }))

    it.effect("keeps nothing outside of itself", () =>
      Effect.gen(function*() {
        const { archive } = yield* opened()
        for (const key of ["../b.mp4", "a/../../b.mp4"]) {
          const error = yield* Effect.flip(archive.put(key, content(file)))
          assert.strictEqual(error.detail, `${key} would be outside of the archive`)
        }
      }))

    it.effect("gives files and directories the permissions that it is told", () =>
      Effect.gen(function*() {
        const { archive, directory } = yield* opened({ mode: 0o640, directoryMode: 0o750 })
        yield* archive.put("a/b.mp4", content(file))
        const modes = ["a/b.mp4", "a"].map((name) => Fs.statSync(Path.join(directory, name)).mode & 0o777)
        assert.deepStrictEqual(modes, [0o640 & ~process.umask(), 0o750 & ~process.umask()])
      }))

    it.effect("says what is wrong with a place that is no directory", () =>
      Effect.gen(function*() {
        const directory = yield* World.temporary
        Fs.writeFileSync(Path.join(directory, "x"), "")
        const exit = yield* Effect.flip(Effect.scoped(
          Layer.build(files(World.web(good), { directory: Path.join(directory, "x") }))
        ))
        assert.include(exit.detail, "making a directory of the archive failed")
      }))

    it.effect("makes a directory for each part of a key, and those that its place is in", () =>
      Effect.gen(function*() {
        const above = yield* World.temporary
        const directory = Path.join(above, "x/y")
        const context = yield* Layer.build(files(World.web(good), { directory, directoryMode: 0o750 }))
        const archive = yield* Effect.provideContext(Archive.Archive, context)
        yield* Effect.all([archive.put("a/b/c.mp4", content(file)), archive.put("a/b/d.mp4", content(file))], {
          concurrency: 2
        })
        assert.deepStrictEqual(World.listing(above), ["x/y/a/b/c.mp4", "x/y/a/b/d.mp4"])
        assert.deepStrictEqual(
          ["x", "x/y", "x/y/a", "x/y/a/b"].map((name) => Fs.statSync(Path.join(above, name)).mode & 0o777),
          Array.from({ length: 4 }, () => 0o750 & ~process.umask())
        )
      }))

    // Node's own recursive `mkdir` never comes back there.
    it.effect.runIf(process.platform === "linux")(
      "is refused below a directory that takes none",
      () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(
            Effect.scoped(Layer.build(files(World.web(good), { directory: "/proc/none/kept" })))
          )
          assert.deepStrictEqual(
            error,
            new Archive.ArchiveError({ detail: "making a directory of the archive failed: NotFound", retryable: true })
          )
        })
    )
  })

  it("names files by provider, day and task, and lets no name out of its place", () => {
    const task = { id: "01890a5d-ac96-774b-bcce-b302099a8057", completedAt: 1_700_000_000_000 }
    const named = (provider: string, kind: Archived.Kind, index: number, type: string) =>
      Archive.keyOf({ task: { ...task, handle: { provider } } as unknown as Task.Success, kind, index }, type)
    assert.deepStrictEqual(
      [
        named("cometapi", "video", 0, "video/mp4"),
        named("cometapi", "thumbnail", 1, "image/webp"),
        named("../a b/ü", "video", 0, "video/unheard-of")
      ],
      [
        `cometapi/2023-11-14/${task.id}/video.mp4`,
        `cometapi/2023-11-14/${task.id}/thumbnail-2.webp`,
        `__a_b__/2023-11-14/${task.id}/video.bin`
      ]
    )
  })
})
