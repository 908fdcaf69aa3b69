// What every page has: the choice of colours, the menu, short messages, and requests that bear the visit's token.

const root = document.documentElement;
const KEY = "rulekit-theme";

function show(theme) {
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
}

function kept() {
  try { return localStorage.getItem(KEY) || ""; } catch { return ""; }
}

show(kept());

const chooser = document.getElementById("theme");
if (chooser) {
  chooser.value = kept();
  chooser.addEventListener("change", () => {
    show(chooser.value);
    try { localStorage.setItem(KEY, chooser.value); } catch { /* a private window forgets it */ }
  });
}

for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); }
  });
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
}

/** The visit's token: it must come with everything that changes something. */
export const token = document.querySelector("meta[name=token]")?.content || "";

/** Return a text's parts: what stands between backticks is what a person types, and is shown so. */
export function said(text) {
  const parts = text.split("`");
  return parts.length % 2 ? parts.flatMap((part, i) => (i % 2 ? [make("code", {}, ...broken(part))] : broken(part))) : broken(text);
}

/** Return a text's pieces, with places between them where a long name may go on in the next line. */
export function broken(text) {
  if (!text.includes("_")) return [text];
  return text.split(/(?<=_)(?=[^_])/).flatMap((piece, i) => (i ? [document.createElement("wbr"), piece] : [piece]));
}

/** Show a short message; one that is urgent is read out at once. */
export function tell(text, { urgent = false, seconds = 6 } = {}) {
  const box = document.getElementById(urgent ? "alerted" : "told");
  const line = document.createElement("div");
  line.append(...said(text));
  box.append(line);
  setTimeout(() => line.remove(), seconds * 1000);
  return line;
}

/** An answer that is a sentence about what does not go; `help` says how to mend it. */
export class Refused extends Error {
  constructor(message, help, status) { super(message); this.help = help || ""; this.status = status; }
}

/** Ask the server; with `body` as a POST of JSON. Returns the JSON of the answer, raises Refused with its sentence. */
export async function ask(path, body, { signal } = {}) {
  const headers = { accept: "application/json", "x-rulekit-token": token };
  const options = body === undefined ? { headers, signal }
    : { method: "POST", headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body), signal };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused("the page's server does not answer", "is `rulekit page` still running?", 0);
  }
  let data = {};
  try { data = await answer.json(); } catch { /* an answer without a body */ }
  if (!answer.ok) throw new Refused(data.error || `the server answered ${answer.status}`, data.help, answer.status);
  return data;
}

/** Make an element: make("td", {class: "text"}, "words", other). Texts are texts, never HTML. */
export function make(name, attributes = {}, ...parts) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...parts.filter((part) => part !== null && part !== undefined && part !== false));
  return made;
}
