import { useEffect, useRef } from "preact/hooks"
import { book, counts, filter, show, status, version } from "../live/tasks.ts"
import { everything, isEverything } from "../model/Book.ts"
import { Banners } from "../ui/Banner.tsx"
import { Button } from "../ui/Button.tsx"
import { Providers, States } from "./Filters.tsx"
import { mountGrid } from "./grid.ts"
import { Header } from "./Header.tsx"

const Grid = () => {
  const host = useRef<HTMLDivElement>(null)
  useEffect(() => host.current === null ? undefined : mountGrid(host.current), [])
  return <div ref={host} class="grid-host" />
}

const Loading = () => (
  <div class="middle" role="status">
    <div class="bones" aria-hidden="true">{Array.from({ length: 9 }, (_, n) => <span key={n} />)}</div>
    <p class="muted">Loading tasks…</p>
  </div>
)

const Empty = () => (
  <div class="middle">
    <div class="card">
      <h2>No task yet</h2>
      <p>Tasks appear here by themselves as soon as a process makes one on this store. To make the first one:</p>
      <pre
        tabIndex={0}
      >video-tasks create --provider cometapi --model doubao-seedance-2-0-fast \{"\n"}  --prompt "A paper airplane over a desk" --wait</pre>
      <p>
        To only look around, with a simulator and without a key:
      </p>
      <pre tabIndex={0}>video-tasks dashboard --demo</pre>
      {status.value === undefined ? null : <p class="muted">The store that is watched: {status.value.store}</p>}
    </div>
  </div>
)

const NoMatch = () => (
  <div class="nothing">
    <p>No task matches.</p>
    <Button onClick={() => show(everything)}>Show all</Button>
  </div>
)

const Content = () => {
  void version.value
  if (counts.value.all === 0) return status.value === undefined ? <Loading /> : <Empty />
  return (
    <>
      <Grid />
      {book.size === 0 ? <NoMatch /> : null}
    </>
  )
}

export const ListPage = () => {
  useEffect(() => {
    document.title = "Video tasks"
  }, [])
  return (
    <div class="list-page">
      <Header />
      <Banners />
      <search aria-label="Filters">
        <States />
        <Providers />
      </search>
      <main class="list" aria-label="Tasks">
        <Content />
      </main>
      <p class="sr" role="status">
        {isEverything(filter.value) ? "" : `${book.size} tasks match`}
      </p>
    </div>
  )
}
