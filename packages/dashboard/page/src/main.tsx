import { render } from "preact"
import { App } from "./App.tsx"
import { startKeys } from "./keys.ts"
import { startClock } from "./live/clock.ts"
import { startConnection } from "./live/connection.ts"
import { startDetail } from "./live/detail.ts"
import { startRoute, takeToken } from "./live/route.ts"
import { enter, present } from "./ui/Door.tsx"

const token = takeToken()
startRoute((text) => void enter(text))
startClock()
startDetail()
startKeys()
if (token) await present(token)
startConnection()

const app = document.querySelector("#app")
if (app !== null) render(<App />, app)
