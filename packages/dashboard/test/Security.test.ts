import { assert, describe, it } from "@effect/vitest"
import { VideoProvider, VideoTaskError } from "@video-tasks/core"
import { TaskStore, VideoTasks } from "@video-tasks/runtime"
import { Clock, Context, Effect, Layer, Redacted, Stream } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { Dashboard } from "../src/index.ts"
import { ask, portOf, post, serve, streamUntil } from "./support/server.ts"
import { failing, ground, idOf, planted, request, running, signedUrl, success, writer } from "./support/world.ts"

const token = Redacted.make(planted.token)

const reasonOf = ({ body }: { readonly body: string }): unknown => (JSON.parse(body) as { reason?: unknown }).reason

const refusedWith = (options: Dashboard.Options) =>
  Effect.flip(Layer.build(Layer.provide(Dashboard.layer(options), ground()))).pipe(
    Effect.map((error) => error instanceof Dashboard.DashboardError ? error.reason : error)
  )

describe("the security of the dashboard", () => {
  it.live("listens to this machine only, unless it is told otherwise", () =>
    Effect.gen(function*() {
      const { port, url } = Context.get(yield* serve(), Dashboard.Dashboard)
      assert.strictEqual(url, `http://127.0.0.1:${port}/`)
      assert.strictEqual((yield* ask(port, "/")).status, 200)
    }).pipe(Effect.scoped))

  for (const host of ["0.0.0.0", "::", "192.168.0.1", "example.com"]) {
    it.live(`refuses to listen on ${host} without a token`, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* refusedWith({ host }), "NoToken")
      }).pipe(Effect.scoped))
  }

  it.live("refuses to be known under a name that others may reach without a token", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refusedWith({ allowedHosts: ["tasks.example.com"] }), "NoToken")
      assert.strictEqual(yield* refusedWith({ allowedHosts: ["localhost:9999", "192.168.0.1:80"] }), "NoToken")
      const port = portOf(yield* serve({ allowedHosts: ["localhost:9999", "[::1]:9999"] }))
      assert.strictEqual((yield* ask(port, "/", { host: "localhost:9999" })).status, 200)
    }).pipe(Effect.scoped))

  it.live("refuses a token that can be guessed", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refusedWith({ host: "0.0.0.0", token: Redacted.make("password") }), "WeakToken")
    }).pipe(Effect.scoped))

  it.live("says that the port is taken, and leaves who has it alone", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve())
      assert.strictEqual(yield* refusedWith({ port }), "PortTaken")
      assert.strictEqual((yield* ask(port, "/")).status, 200)
    }).pipe(Effect.scoped))

  it.live("says that this machine has no such address", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* refusedWith({ host: "203.0.113.7", token }), "NoAddress")
    }).pipe(Effect.scoped))

  it.live("answers under its own names only, word for word", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve({ allowedHosts: ["tasks.example.com"], token }))
      const statusOf = (host: string) => Effect.map(ask(port, "/", { host }), ({ status }) => status)
      for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, "tasks.example.com"]) {
        assert.strictEqual(yield* statusOf(host), 200, host)
      }
      const foreign = [
        "evil.example",
        `evil.example:${port}`,
        "127.0.0.1",
        "127.0.0.1:1",
        `127.0.0.1.evil.example:${port}`,
        `localhost:${port}.evil.example`,
        "tasks.example.com:80"
      ]
      for (const host of foreign) assert.strictEqual(yield* statusOf(host), 403, host)
      const absolute = yield* ask(port, `http://evil.example:${port}/`)
      assert.strictEqual(absolute.status, 403)
      assert.strictEqual(reasonOf(yield* ask(port, "/api/events", { host: "evil.example" })), "UnknownHost")
    }).pipe(Effect.scoped))

  it.live("knows a name that was given in capitals", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve({ allowedHosts: ["Tasks.Example.com"], token }))
      assert.strictEqual((yield* ask(port, "/", { host: "tasks.example.com" })).status, 200)
    }).pipe(Effect.scoped))

  it.live("lets only its own page write", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve())
      const own = `http://127.0.0.1:${port}`
      const writing = (headers: Record<string, string>) =>
        Effect.map(ask(port, `/api/tasks/${idOf(1)}/poll`, { method: "POST", headers }), (answer) => [
          answer.status,
          reasonOf(answer)
        ])
      assert.deepStrictEqual(yield* writing({ origin: own, "sec-fetch-site": "same-origin" }), [404, "TaskNotFound"])
      // A browser without Fetch Metadata.
      assert.deepStrictEqual(yield* writing({ origin: own }), [404, "TaskNotFound"])
      assert.deepStrictEqual(yield* writing({}), [403, "ForeignOrigin"])
      for (
        const origin of [
          "http://evil.example",
          "null",
          `http://localhost:${port}`,
          `${own}.evil.example`,
          `https://127.0.0.1:${port}`
        ]
      ) {
        assert.deepStrictEqual(yield* writing({ origin }), [403, "ForeignOrigin"], origin)
      }
      for (const site of ["cross-site", "same-site", "none", "whatever"]) {
        assert.deepStrictEqual(yield* writing({ origin: own, "sec-fetch-site": site }), [403, "ForeignSite"], site)
      }
    }).pipe(Effect.scoped))

  it.live("lets its own page write from behind a server with TLS, under the name that was given for that", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve({ allowedHosts: ["tasks.example.com"], token }))
      const writing = (host: string, origin: string) =>
        Effect.map(
          ask(port, `/api/tasks/${idOf(1)}/poll`, {
            method: "POST",
            host,
            headers: { origin, authorization: `Bearer ${planted.token}` }
          }),
          ({ status }) => status
        )
      assert.strictEqual(yield* writing("tasks.example.com", "https://tasks.example.com"), 404)
      assert.strictEqual(yield* writing("tasks.example.com", "https://evil.example"), 403)
      assert.strictEqual(yield* writing(`127.0.0.1:${port}`, "https://tasks.example.com"), 403)
    }).pipe(Effect.scoped))

  it.live("tells other sites nothing", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve())
      for (const path of ["/api/events", `/api/tasks/${idOf(1)}`, "/metrics", "/nothing"]) {
        for (
          const headers of [
            { "sec-fetch-site": "cross-site" },
            { "sec-fetch-site": "same-site" },
            { origin: "http://evil.example" }
          ]
        ) {
          assert.strictEqual((yield* ask(port, path, { headers })).status, 403, path)
        }
      }
      // Somebody may follow a link to the page itself: it holds nothing.
      assert.strictEqual((yield* ask(port, "/", { headers: { "sec-fetch-site": "cross-site" } })).status, 200)
    }).pipe(Effect.scoped))

  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]) {
    it.live(`does not know ${method}`, () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve())
        assert.strictEqual((yield* ask(port, "/api/tasks/x", { method })).status, 405)
      }).pipe(Effect.scoped))
  }

  it.live("sends every answer with the same headers, whatever it is", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve())
      const asked = [
        ask(port, "/"),
        ask(port, "/nothing"),
        ask(port, `/api/tasks/${idOf(1)}`),
        ask(port, "/metrics"),
        ask(port, "/", { host: "evil.example" }),
        post(port, "/api/session"),
        ask(port, "/", { method: "PUT" })
      ]
      for (const answer of yield* Effect.all(asked)) {
        const { headers } = answer
        assert.strictEqual(
          headers["content-security-policy"],
          "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
        )
        assert.strictEqual(headers["x-content-type-options"], "nosniff")
        assert.strictEqual(headers["referrer-policy"], "no-referrer")
        assert.strictEqual(headers["x-frame-options"], "DENY")
        assert.strictEqual(headers["cross-origin-resource-policy"], "same-origin")
        assert.isUndefined(headers["access-control-allow-origin"])
      }
      const cache = (answer: { readonly headers: { readonly "cache-control"?: string | undefined } }) =>
        answer.headers["cache-control"]
      assert.strictEqual(cache(yield* ask(port, `/api/tasks/${idOf(1)}`)), "no-store")
      assert.strictEqual(cache(yield* ask(port, "/metrics")), "no-store")
      assert.strictEqual(cache(yield* ask(port, "/")), "no-cache")
      const opener = (path: string) =>
        Effect.map(ask(port, path), ({ headers }) => headers["cross-origin-opener-policy"])
      assert.deepStrictEqual([yield* opener("/"), yield* opener("/metrics")], [
        "same-origin-allow-popups",
        "same-origin"
      ])
    }).pipe(Effect.scoped))

  it.live("only shows when it is told so", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve({ readOnly: true }))
      for (const action of ["poll", "cancel", "retry"]) {
        const answer = yield* post(port, `/api/tasks/${idOf(1)}/${action}`)
        assert.deepStrictEqual([answer.status, reasonOf(answer)], [403, "ReadOnly"])
      }
      assert.include(yield* streamUntil(port, "/api/events", "\n\n"), "\"isReadOnly\":true")
    }).pipe(Effect.scoped))

  it.live("takes no long bodies", () =>
    Effect.gen(function*() {
      const port = portOf(yield* serve({ token }))
      const body = JSON.stringify({ token: planted.token, more: "x".repeat(100_000) })
      const answer = yield* post(port, "/api/session", { "content-type": "application/json" }, body)
      assert.deepStrictEqual([answer.status, answer.headers["set-cookie"]], [401, undefined])
    }).pipe(Effect.scoped))

  describe("with a token", () => {
    const login = (port: number, text: string) =>
      post(port, "/api/session", { "content-type": "application/json" }, JSON.stringify({ token: text }))

    it.live("tells nothing to who does not know it, but the files of the page", () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve({ token }))
        const closed = [
          "/api/events",
          `/api/tasks/${idOf(1)}`,
          "/metrics",
          "/nothing",
          "//api/events",
          "/API/events",
          "/%61pi/events"
        ]
        for (const path of closed) {
          const answer = yield* ask(port, path)
          assert.deepStrictEqual([answer.status, reasonOf(answer)], [401, "NoSession"], path)
        }
        const written = yield* post(port, `/api/tasks/${idOf(1)}/poll`)
        assert.strictEqual(written.status, 401)
        assert.strictEqual((yield* ask(port, "/")).status, 200)
      }).pipe(Effect.scoped))

    it.live("changes it into a cookie that scripts and other sites don't get, and that is not the token", () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve({ token }))
        const answer = yield* login(port, planted.token)
        assert.strictEqual(answer.status, 204)
        const [cookie = ""] = answer.headers["set-cookie"] ?? []
        assert.match(
          cookie,
          new RegExp(`^video_tasks_${port}=[0-9a-f]{64}; Path=/; HttpOnly; SameSite=Strict$`)
        )
        const [pair = ""] = cookie.split(";")
        assert.strictEqual((yield* ask(port, "/metrics", { headers: { cookie: pair } })).status, 200)
        const wrong = `${pair.slice(0, -1)}${pair.endsWith("0") ? "1" : "0"}`
        for (const one of [wrong, `${pair}0`, "", `video_tasks_${port}=${planted.token}`]) {
          assert.strictEqual((yield* ask(port, "/metrics", { headers: { cookie: one } })).status, 401)
        }
      }).pipe(Effect.scoped))

    it.live("gives the cookie to TLS only where the page came so, and for as long as the browser runs", () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve({ allowedHosts: ["tasks.example.com"], token }))
        const cookieFor = (origin: string) =>
          ask(port, "/api/session", {
            method: "POST",
            host: "tasks.example.com",
            headers: { origin },
            body: JSON.stringify({ token: planted.token })
          }).pipe(Effect.map(({ headers }) => headers["set-cookie"]?.[0]?.replace(/=[0-9a-f]{64}/, "")))
        assert.strictEqual(
          yield* cookieFor("https://tasks.example.com"),
          `video_tasks_${port}; Path=/; HttpOnly; Secure; SameSite=Strict`
        )
        assert.strictEqual(
          yield* cookieFor("http://tasks.example.com"),
          `video_tasks_${port}; Path=/; HttpOnly; SameSite=Strict`
        )
      }).pipe(Effect.scoped))

    it.live("knows the cookie again after a restart with the same token, and not with another one", () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve({ token }))
        const cookie = (yield* login(port, planted.token)).headers["set-cookie"]?.[0]?.split(";")[0]?.split("=")[1] ??
          ""
        const statusOf = (again: number) =>
          Effect.map(
            ask(again, "/metrics", { headers: { cookie: `video_tasks_${again}=${cookie}` } }),
            ({ status }) => status
          )
        assert.strictEqual(yield* statusOf(portOf(yield* serve({ token }))), 200)
        assert.strictEqual(yield* statusOf(portOf(yield* serve({ token: Redacted.make(`${planted.token}!`) }))), 401)
      }).pipe(Effect.scoped))

    it.live("refuses everything else", () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve({ token }))
        for (const text of ["", "wrong", planted.token.slice(0, -1), `${planted.token} `]) {
          const answer = yield* login(port, text)
          assert.deepStrictEqual([answer.status, answer.headers["set-cookie"]], [401, undefined])
        }
        for (const body of ["", "[]", "{}", "null", "{\"token\":1}", "{\"token\":{}}", "not json"]) {
          assert.strictEqual((yield* post(port, "/api/session", {}, body)).status, 401)
        }
        const foreign = yield* ask(port, "/api/session", {
          method: "POST",
          headers: { origin: "http://evil.example" },
          body: JSON.stringify({ token: planted.token })
        })
        assert.strictEqual(foreign.status, 403)
      }).pipe(Effect.scoped))

    it.live("is enough for a scraper of metrics", () =>
      Effect.gen(function*() {
        const port = portOf(yield* serve({ token }))
        const asked = (authorization: string) =>
          Effect.map(ask(port, "/metrics", { headers: { authorization } }), ({ status }) => status)
        assert.deepStrictEqual([yield* asked(`Bearer ${planted.token}`), yield* asked("Bearer wrong")], [200, 401])
      }).pipe(Effect.scoped))

    it.live("is in the part of an address that browsers send to nobody", () =>
      Effect.gen(function*() {
        const { openUrl, port } = Context.get(yield* serve({ token }), Dashboard.Dashboard)
        assert.strictEqual(Redacted.value(openUrl), `http://127.0.0.1:${port}/#token=${planted.token}`)
        assert.notInclude(String(openUrl), planted.token)
      }).pipe(Effect.scoped))
  })

  it.live("shows no key, no signed link and no token in anything that it answers", () =>
    Effect.gen(function*() {
      const provider = VideoProvider.double({
        observations: [
          running(10),
          failing(
            new VideoTaskError.Unauthorized({ detail: `the key ${planted.key} at ${signedUrl} is refused` })
          )
        ]
      })
      const storage = HttpClient.make((request) =>
        Effect.succeed(
          HttpClientResponse.fromWeb(
            request,
            new Response(`<Error><Code>Gone</Code><Message>${signedUrl} key ${planted.key}</Message></Error>`, {
              status: 403
            })
          )
        )
      )
      const http = Layer.succeed(HttpClient.HttpClient, storage)
      const context = yield* serve({ token }, { providers: [provider], http, hub: { lookEveryMs: 20 } })
      const port = portOf(context)
      const tasks = Context.get(context, VideoTasks.VideoTasks)
      const store = Context.get(context, TaskStore.TaskStore)
      const handle = yield* tasks.submit({
        ...request,
        prompt: `A fox with api_key=${planted.key}`,
        options: { token: planted.key, mode: "pro" }
      })
      yield* tasks.refresh(handle)
      yield* Effect.ignore(tasks.refresh(handle))
      const write = writer(store)
      const now = yield* Clock.currentTimeMillis
      yield* write.create(7, now)
      yield* write.observe(
        7,
        now + 1,
        success(signedUrl),
        JSON.stringify({
          id: "remote-1",
          status: "SUCCESS",
          video_url: signedUrl,
          api_key: planted.key,
          headers: { authorization: `Bearer ${planted.key}` },
          unknown_field: planted.signature
        })
      )
      const first = yield* Stream.runCollect(tasks.list())
      const cookie = { cookie: yield* cookieOf(port) }
      const answers: Array<string> = [yield* streamUntil(port, "/api/events", idOf(7), cookie)]
      for (const { id } of first) {
        for (const path of ["", "/fixture", "/videos/0", "/videos/9", "/nothing"]) {
          const { body, headers } = yield* ask(port, `/api/tasks/${id}${path}`, { headers: cookie })
          answers.push(body, JSON.stringify(headers))
        }
        for (const action of ["poll", "cancel", "retry"]) {
          const { body } = yield* post(port, `/api/tasks/${id}/${action}`, cookie)
          answers.push(body)
        }
      }
      answers.push((yield* ask(port, "/metrics", { headers: cookie })).body)
      assert.strictEqual(first.length, 2)
      const all = answers.join("\n")
      assert.include(all, "https://cdn.example.com/v.mp4")
      assert.include(all, "Unauthorized")
      for (const secret of Object.values(planted)) assert.notInclude(all, secret)
    }).pipe(Effect.scoped))
})

const cookieOf = (port: number) =>
  Effect.map(
    post(port, "/api/session", {}, JSON.stringify({ token: planted.token })),
    ({ headers }) => headers["set-cookie"]?.[0]?.split(";")[0] ?? ""
  )
