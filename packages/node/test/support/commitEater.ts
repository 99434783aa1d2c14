/**
 * A proxy in front of PostgreSQL that breaks the connection around a COMMIT, or a step, which is one statement: before it
 * arrives, or after it was obeyed and before that is known.
 */
import * as net from "node:net"

const confirms = ["COMMIT", "INSERT INTO video_tasks_events"]

export interface CommitEater {
  readonly port: number
  /** Breaks the connection of the next COMMIT or step. */
  readonly eat: (moment: "before" | "after") => void
  readonly eaten: Array<"before" | "after">
  readonly stop: () => void
}

export const start = (target: number): Promise<CommitEater> =>
  new Promise((resolve) => {
    let armed: "before" | "after" | undefined
    const eaten: Array<"before" | "after"> = []
    const server = net.createServer((client) => {
      const upstream = net.connect(target, "127.0.0.1")
      let isCut = false
      client.on("data", (chunk) => {
        if (armed === undefined || !confirms.some((text) => chunk.includes(text))) return void upstream.write(chunk)
        const moment = armed
        armed = undefined
        eaten.push(moment)
        isCut = true
        if (moment === "before") {
          upstream.destroy()
          client.destroy()
        } else upstream.write(chunk)
      })
      upstream.on("data", (chunk) => {
        if (isCut) client.destroy()
        else client.write(chunk)
      })
      client.on("close", () => upstream.destroy()).on("error", () => upstream.destroy())
      upstream.on("close", () => client.destroy()).on("error", () => client.destroy())
    })
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      resolve({
        port: typeof address === "object" && address !== null ? address.port : 0,
        eat: (moment) => {
          armed = moment
        },
        eaten,
        stop: () => server.close()
      })
    })
  })
