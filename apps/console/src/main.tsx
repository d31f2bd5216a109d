import { render } from "preact";
import { App } from "./app.js";

// A picture that misses its place would be opened instead of the page.
for (const type of ["dragover", "drop"] as const) {
  addEventListener(type, (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault());
}

const place = document.getElementById("console");
if (place) render(<App />, place);
