import { render } from "preact"

const app = document.querySelector("#app")
if (app !== null) render(<main>Video tasks</main>, app)
