import { useEffect, useRef } from "preact/hooks"
import { type Detail, resolveCommand, type Row } from "../../../src/Contract.ts"
import { place } from "../list/choice.ts"
import { Live, Tags } from "../list/Header.tsx"
import { copy } from "../live/clipboard.ts"
import { now } from "../live/clock.ts"
import { look } from "../live/detail.ts"
import { back } from "../live/route.ts"
import { book, version } from "../live/tasks.ts"
import { clock, date, shortId } from "../model/format.ts"
import { groupOf, isOver, word } from "../model/look.ts"
import { Banners } from "../ui/Banner.tsx"
import { Button } from "../ui/Button.tsx"
import { Badge, Icon } from "../ui/Icon.tsx"
import { Actions } from "./Actions.tsx"
import { Answer, Costs, Files, Problem, Request } from "./Cards.tsx"
import { Diagram } from "./Diagram.tsx"
import { Timeline } from "./Timeline.tsx"
import { Videos } from "./Videos.tsx"

const Top = () => (
  <header class="header">
    <Button kind="quiet" icon="back" onClick={back}>Tasks</Button>
    <Tags />
    <span class="spring" />
    <Live />
  </header>
)

const Copyable = ({ label, text, what }: { readonly label: string; readonly text: string; readonly what: string }) => (
  <span class="pair">
    <span class="muted">{label}</span>
    <code title={text}>{text}</code>
    <Button kind="quiet" icon="copy" label={`Copy ${what}`} onClick={() => void copy(text, what)}>{null}</Button>
  </span>
)

const Elapsed = ({ row }: { readonly row: Row }) => (
  <>{clock((row.completedAt ?? (isOver(row.state) ? row.updatedAt : now.value)) - row.createdAt)}</>
)

const NextRead = ({ row }: { readonly row: Row }) => {
  if (isOver(row.state) || row.state === "submitting") return null
  if (row.followed === "nobody") {
    return <span class="pair tone-retrying">nobody follows it; to go on: video-tasks resume</span>
  }
  if (row.followed === "elsewhere") return <span class="pair muted">followed by another process</span>
  if (row.nextPollAt === undefined) return null
  const rest = row.nextPollAt - now.value
  return (
    <span class="pair">
      <span class="muted">next poll</span> {rest <= 0 ? "now" : `in ${clock(rest + 999)}`}
    </span>
  )
}

const Title = ({ detail, row }: { readonly detail: Detail; readonly row: Row }) => {
  const group = groupOf(row)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <section class="title" aria-label="Task">
      <div class="title-line">
        <Badge group={group} />
        <h1 ref={heading} tabIndex={-1}>{row.model ?? row.family}</h1>
        <span class="muted">{row.provider}</span>
        {isOver(row.state) || row.progress === undefined ? null : <b class="big">{Math.round(row.progress)} %</b>}
        <span class="spring" />
        <Actions detail={detail} />
      </div>
      <div class="pairs">
        <Copyable label="id" text={row.id} what="the id" />
        {row.remoteId === undefined
          ? null
          : <Copyable label="at the provider" text={row.remoteId} what="the provider's id" />}
        {detail.traceId === undefined ? null : <Copyable label="trace" text={detail.traceId} what="the trace id" />}
        <span class="pair">
          <span class="muted">created</span> {date(row.createdAt)}
        </span>
        <span class="pair">
          <span class="muted">elapsed</span> <Elapsed row={row} />
        </span>
        <NextRead row={row} />
      </div>
      {detail.whyMissing === undefined ? null : (
        <p class="tone-retrying missing">
          <Icon name="key" /> {detail.whyMissing}
        </p>
      )}
      <p class="sr" role="status">{`The task is ${word(group)}`}</p>
    </section>
  )
}

const Ambiguous = ({ row }: { readonly row: Row }) =>
  row.state !== "ambiguous" ? null : (
    <div class="banner warn">
      <Icon name="ambiguous" />
      <div>
        <b>Nobody knows whether this create made a task.</b>{" "}
        It may have cost money, so it is not sent again by itself. Look at the provider's console, then say what became
        of it:
        <pre
          tabIndex={0}
        >{resolveCommand(row.id, "--remote REMOTE_ID")}   # it made this task{"\n"}{resolveCommand(row.id, "--discard")}            # it made none</pre>
      </div>
    </div>
  )

const Ready = ({ detail }: { readonly detail: Detail }) => {
  void version.value
  const row = book.get(detail.row.id) ?? detail.row
  useEffect(() => {
    document.title = `${word(groupOf(row))} · ${row.model ?? shortId(row.id)} · Video tasks`
  })
  return (
    <>
      <Title detail={detail} row={row} />
      <Ambiguous row={row} />
      <div class="columns">
        <div class="column">
          {row.state === "ambiguous" ? null : <Diagram detail={detail} row={row} />}
          <Timeline detail={detail} row={row} />
        </div>
        <div class="column side">
          <Problem detail={detail} />
          <Videos detail={detail} row={row} />
          <Files detail={detail} />
          <Costs detail={detail} />
          <Request detail={detail} />
          <Answer detail={detail} />
        </div>
      </div>
    </>
  )
}

/** One task, live. */
export const TaskPage = ({ id }: { readonly id: string }) => {
  const state = look.value
  useEffect(() => () => {
    place.isBack = true
  }, [])
  return (
    <div class="task-page">
      <Top />
      <Banners />
      <main class="task" aria-busy={state?.kind === "loading"}>
        {state?.kind === "ready" && state.id === id ? <Ready detail={state.detail} /> : null}
        {state?.kind === "missing"
          ? (
            <div class="middle">
              <div class="card">
                <h1>There is no such task here</h1>
                <p>{state.message}</p>
                <p>
                  <code>{id}</code>
                </p>
                <div class="buttons">
                  <Button kind="primary" onClick={back}>To the list</Button>
                </div>
              </div>
            </div>
          )
          : null}
        {state === undefined || state.kind === "loading"
          ? (
            <div class="middle" role="status">
              <div class="bones" aria-hidden="true">{Array.from({ length: 6 }, (_, n) => <span key={n} />)}</div>
              <p class="muted">Loading the task…</p>
            </div>
          )
          : null}
      </main>
    </div>
  )
}
