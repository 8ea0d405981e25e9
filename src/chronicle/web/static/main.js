// The page: reads the record once, then answers every question by itself.

import { App } from "./app.js";
import { $, h } from "./dom.js";
import { News } from "./news.js";
import { Words } from "./words.js";

/** What the page works on: in one file it lies within, else the server gives it. */
async function sources() {
  const within = $("chronicle-data");
  if (within) return JSON.parse(within.textContent);
  const answers = await Promise.all(["data.json", "land.json", "whatif.json"].map((path) => fetch(path)));
  for (const one of answers) if (!one.ok) throw new Error(`${one.url}: ${one.status}`);
  const [data, land, whatIf] = await Promise.all(answers.map((one) => one.json()));
  return { data, land, whatIf };
}

/** New reports: the server says so, and the page asks for them. */
function listen(app) {
  if ($("chronicle-data") || !("EventSource" in window)) return;
  const stream = new EventSource("live");
  const news = new News(app);
  stream.addEventListener("head", (event) => news.heard(Number(event.data)));
  stream.addEventListener("bye", () => {
    stream.close();
    app.news(app.words.say("offline"));
  });
}

async function start() {
  const words = new Words(new URLSearchParams(location.hash.slice(1)).get("lang") ?? "en");
  try {
    const told = await sources();
    const app = new App(told);
    app.start();
    listen(app);
    window.chronicle = app; // for the console, and for tests
    document.documentElement.dataset.ready = "1";
    document.dispatchEvent(new Event("chronicle-ready")); // for a page that also writes
  } catch (error) {
    $("banner").replaceChildren(h("p", {}, words.say("failed", { why: error.message })));
    console.error(error);
  }
}

start();
