import { signal } from "@preact/signals"
import { useRef } from "preact/hooks"
import { logIn } from "../live/api.ts"
import { connect, line } from "../live/connection.ts"
import { Icon } from "./Icon.tsx"

const problem = signal<string | undefined>(undefined)

/** Hands the token over for a cookie, which no script can read. */
export const present = async (token: string): Promise<void> => {
  const answer = await logIn(token)
  problem.value = answer.ok ? undefined : answer.message
  if (answer.ok) line.value = { kind: "loading" }
}

const enter = async (token: string): Promise<void> => {
  await present(token)
  if (line.value.kind === "loading") await connect()
}

/** Asks for the token. */
export const Door = () => {
  const input = useRef<HTMLInputElement>(null)
  return (
    <main class="door">
      <form
        class="card"
        onSubmit={(event) => {
          event.preventDefault()
          const token = input.current?.value.trim() ?? ""
          if (token !== "") void enter(token)
        }}
      >
        <h1>
          <Icon name="key" /> This dashboard wants its token
        </h1>
        <p>
          <code>video-tasks dashboard</code> printed an address that ends in{" "}
          <code>#token=…</code>. Open that address, or paste the token here.
        </p>
        <label for="token">Token</label>
        <div class="buttons">
          <input id="token" ref={input} type="password" autocomplete="off" spellcheck={false} required />
          <button type="submit" class="button primary">Open</button>
        </div>
        <p class="problem" role="alert">{problem.value ?? ""}</p>
      </form>
    </main>
  )
}
