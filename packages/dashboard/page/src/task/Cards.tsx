import type { ComponentChildren } from "preact"
import type { Detail } from "../../../src/Contract.ts"
import { money } from "../model/format.ts"
import { isOver } from "../model/look.ts"
import { Icon } from "../ui/Icon.tsx"

interface Properties {
  readonly detail: Detail
}

const Fact = ({ children, name }: { readonly name: string; readonly children: ComponentChildren }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** How it failed, or its last read did, and what to do. */
export const Problem = ({ detail: { error, row } }: Properties) => {
  if (error === undefined) return null
  const isFinal = isOver(row.state)
  return (
    <section class={isFinal ? "card outcome problem-card" : "card outcome passing-card"} aria-label="Error">
      <h2 class={isFinal ? "tone-failed" : "tone-retrying"}>
        <Icon name={isFinal ? "failed" : "retrying"} />
        {error.reason}
      </h2>
      <p class="message">{error.message}</p>
      {error.advice === undefined ? null : (
        <p>
          <b>What to do:</b> {error.advice}
        </p>
      )}
      {isFinal && row.state !== "ambiguous"
        ? <p class="muted">{error.isRetryable ? "Trying again may help." : "Trying the same again will not help."}</p>
        : null}
    </section>
  )
}

/** Where the archive keeps the files. */
export const Files = ({ detail: { files } }: Properties) =>
  files.length === 0 ? null : (
    <section class="card" aria-label="Archive">
      <h2>Archive</h2>
      <ul class="files">
        {files.map((file) => (
          <li key={file}>
            <code>{file}</code>
          </li>
        ))}
      </ul>
    </section>
  )

/** Why there is no bill: what has ended waits for none. */
const noBill = (state: Detail["row"]["state"]): string =>
  state === "ambiguous" ? "not known" : isOver(state) ? "the provider told none" : "none yet"

/** The estimate and the bill. */
export const Costs = ({ detail: { bill, estimate, row } }: Properties) => (
  <section class="card" aria-label="Cost">
    <h2>Cost</h2>
    <dl class="facts">
      <Fact name="estimate">
        {estimate === undefined ? <span class="muted">not known</span> : money(estimate, true)}
      </Fact>
      <Fact name="bill">
        {bill === undefined ? <span class="muted">{noBill(row.state)}</span> : <b>{money(bill)}</b>}
      </Fact>
    </dl>
  </section>
)

/** What was asked for. */
export const Request = ({ detail: { request, row } }: Properties) => {
  const prompt = request?.prompt ?? row.prompt
  return (
    <section class="card" aria-label="Request">
      <h2>Request</h2>
      {prompt === undefined
        ? <p class="muted">The prompt is not kept, or not shown.</p>
        : <blockquote>{prompt}</blockquote>}
      <dl class="facts">
        <Fact name="family">{row.family}</Fact>
        {row.model === undefined ? null : <Fact name="model">{row.model}</Fact>}
        {request?.seconds === undefined ? null : <Fact name="length">{request.seconds} s</Fact>}
        {request?.size === undefined ? null : <Fact name="size">{request.size}</Fact>}
        {request?.resolution === undefined ? null : <Fact name="resolution">{request.resolution}</Fact>}
        {request?.images === undefined || request.images === 0 ? null : <Fact name="images">{request.images}</Fact>}
      </dl>
      {request?.options === undefined ? null : (
        <details>
          <summary>Options</summary>
          <pre tabIndex={0}>{request.options}</pre>
        </details>
      )}
    </section>
  )
}

/** The provider's last answer, as far as it is known to be safe. */
export const Answer = ({ detail: { answer } }: Properties) => (
  <section class="card" aria-label="Provider's answer">
    <h2>Provider's answer</h2>
    {answer === undefined
      ? <p class="muted">None is kept.</p>
      : <pre class="answer" tabIndex={0} aria-label="The answer as JSON">{answer}</pre>}
  </section>
)
