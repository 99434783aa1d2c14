import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Video, VideoProviders } from "@video-tasks/core"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, type HttpClientRequest, HttpClientResponse } from "effect/http"
import * as fs from "node:fs"
import * as path from "node:path"
import { bring, namesOf } from "../src/internal/batchFiles.ts"
import * as Reporter from "../src/internal/reporter.ts"
import { emptyFolder } from "./utils/command.ts"
import { recorded } from "./utils/screen.ts"
import * as Tasks from "./utils/tasks.ts"

/** What stands for the video of a link: the head of an MP4, and a name. */
const videoOf = (name: string): string => `\0\0\0\u0014ftypisom\0\0\0\0isom${name}`

const answer = (request: HttpClientRequest.HttpClientRequest, url: URL) =>
  HttpClientResponse.fromWeb(
    request,
    new Response(videoOf(url.pathname.slice(1)), { headers: { "content-type": "video/mp4" } })
  )

const files = HttpClient.make((request, url) => Effect.succeed(answer(request, url)))

const two = Tasks.success({
  videos: ["one", "two"].map((name) =>
    new Video.Video({ url: Redacted.make(`https://cdn.example.com/${name}`, { label: "video url" }) })
  )
})

const { layer, screen } = recorded()

const services = Layer.mergeAll(
  layer,
  Layer.succeed(Reporter.Reporter, Reporter.make(screen, { json: false, quiet: true })),
  Layer.mock(VideoProviders.VideoProviders)({ all: [] }),
  Layer.succeed(HttpClient.HttpClient, files),
  NodeServices.layer
)

const contents = (folder: string) =>
  Object.fromEntries(
    fs.readdirSync(folder).toSorted().map((name) => [
      name,
      fs.readFileSync(path.join(folder, name), "utf8")
    ])
  )

describe("the files of a line", () => {
  it("are numbered, past the names of other lines", () => {
    assert.deepStrictEqual(namesOf("a.mp4", 0, () => false), [])
    assert.deepStrictEqual(namesOf("a.mp4", 3, () => false), ["a.mp4", "a-2.mp4", "a-3.mp4"])
    const isTaken = (name: string) => ["a.mp4", "a-2.mp4", "a-4.mp4"].includes(name)
    assert.deepStrictEqual(namesOf("a.mp4", 3, isTaken), ["a.mp4", "a-3.mp4", "a-5.mp4"])
  })

  it.effect("leave that of another line alone, also with --overwrite", () =>
    Effect.gen(function*() {
      const folder = emptyFolder()
      const at = (name: string) => path.join(folder, name)
      fs.writeFileSync(at("a-2.mp4"), "of another line")
      const options = { known: new Map(), isTaken: (name: string) => name === at("a-2.mp4") }
      const first = yield* bring(two, at("a.mp4"), { ...options, overwrite: true })
      const expected = { "a-2.mp4": "of another line", "a-3.mp4": videoOf("two"), "a.mp4": videoOf("one") }
      assert.deepStrictEqual(first.files.map((file) => file.path), [at("a.mp4"), at("a-3.mp4")])
      assert.deepStrictEqual(contents(folder), expected)
      const again = yield* bring(two, at("a.mp4"), { ...options, overwrite: false })
      assert.deepStrictEqual(again.files.map((file) => file.path), [at("a.mp4"), at("a-3.mp4")])
      assert.deepStrictEqual(contents(folder), expected)
    }).pipe(Effect.provide(services)))

  it.effect("are those that another process has brought in the meantime", () =>
    Effect.gen(function*() {
      const folder = emptyFolder()
      const file = path.join(folder, "a.mp4")
      let asked = 0
      const rival = HttpClient.make((request, url) =>
        Effect.sync(() => {
          if (asked++ === 0) {
            fs.writeFileSync(file, videoOf("one"))
            fs.writeFileSync(path.join(folder, "a-2.mp4"), videoOf("two"))
          }
          return answer(request, url)
        })
      )
      const brought = yield* bring(two, file, { overwrite: false, known: new Map(), isTaken: () => false }).pipe(
        Effect.provideService(HttpClient.HttpClient, rival)
      )
      assert.deepStrictEqual(
        [brought.error, brought.files.map(({ path }) => path)],
        [undefined, [file, path.join(folder, "a-2.mp4")]]
      )
      assert.deepStrictEqual(contents(folder), { "a-2.mp4": videoOf("two"), "a.mp4": videoOf("one") })
    }).pipe(Effect.provide(services)))
})
