import { ListPage } from "./list/ListPage.tsx"
import { line } from "./live/connection.ts"
import { taskId } from "./live/route.ts"
import { TaskPage } from "./task/TaskPage.tsx"
import { LineStatus } from "./ui/Banner.tsx"
import { Confirm } from "./ui/Confirm.tsx"
import { Door } from "./ui/Door.tsx"
import { Help } from "./ui/Help.tsx"
import { NoticeBox } from "./ui/Notice.tsx"

const Page = () => {
  if (line.value.kind === "unauthorised") return <Door />
  const id = taskId.value
  return id === undefined ? <ListPage /> : <TaskPage key={id} id={id} />
}

export const App = () => (
  <>
    <Page />
    <LineStatus />
    <NoticeBox />
    <Confirm />
    <Help />
  </>
)
