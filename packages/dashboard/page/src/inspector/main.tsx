import { signal } from "@preact/signals"
import { render } from "preact"
import { Inspector } from "./Inspector.tsx"
import { type Actors, receive as step } from "./log.ts"
import { type Connection, receive } from "./receiver.ts"

const actors = signal<Actors>(new Map())
const connection = signal<Connection>("waiting")

const host = document.querySelector("#inspector")
if (host !== null) render(<Inspector actors={actors} connection={connection} />, host)

receive(window, {
  message: (message) => actors.value = step(actors.peek(), message),
  connection: (next) => connection.value = next
})
