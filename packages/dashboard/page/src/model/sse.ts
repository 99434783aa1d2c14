/** An event of a stream of server-sent events. */
export interface ServerEvent {
  readonly id: string | undefined
  readonly name: string
  readonly data: string
}

/** Cuts the text of a stream into events; comments are events without data, named `comment`. */
export class ServerEvents {
  #rest: Array<string> = []
  #id: string | undefined
  #name = ""
  #data: Array<string> = []

  /** The events that are whole with this piece of text. */
  push(text: string): ReadonlyArray<ServerEvent> {
    const events: Array<ServerEvent> = []
    const lines = text.split(/\r?\n/)
    for (const [index, part] of lines.entries()) {
      this.#rest.push(part)
      if (index === lines.length - 1) break
      // A carriage return may have come with the piece before.
      const line = this.#rest.join("").replace(/\r$/, "")
      this.#rest = []
      const event = this.#line(line)
      if (event !== undefined) events.push(event)
    }
    return events
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") {
      const event = { id: this.#id, name: this.#name === "" ? "message" : this.#name, data: this.#data.join("\n") }
      const isEmpty = this.#data.length === 0
      this.#name = ""
      this.#data = []
      return isEmpty ? undefined : event
    }
    if (line.startsWith(":")) return { id: this.#id, name: "comment", data: "" }
    const colon = line.indexOf(":")
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "")
    if (field === "id") this.#id = value
    else if (field === "event") this.#name = value
    else if (field === "data") this.#data.push(value)
    return undefined
  }
}
