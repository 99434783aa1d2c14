import { signal } from "@preact/signals"
import { useRef } from "preact/hooks"
import { logIn } from "../live/api.ts"
import { connect, line } from "../live/connection.ts"
import { Icon } from "./Icon.tsx"

const problem = signal<string | undefined>(undefined)

/** Hands the token over for a cookie, which no script can read. */
export const present = async (token: string): Promise<boolean> => {
  const answer = await logIn(token)
  problem.value = answer.ok ? undefined : answer.message
  if (answer.ok) line.value = { kind: "loading" }
  return answer.ok
}

/** The same where the page stands before its door. */
export const enter = async (token: string): Promise<void> => {
  if (token === "" || line.value.kind !== "unauthorised") return
  if (await present(token)) await connect()
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
          void enter(input.current?.value.trim() ?? "")
        }}
      >
        <h1>
          <Icon name="key" /> This dashboard wants its token
        </h1>
        <p>
          It is what <code>video-tasks dashboard</code> was given, or made and printed. Open the address that ends in
          {" "}
          <code>#token=…</code>, or paste the token here.
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
