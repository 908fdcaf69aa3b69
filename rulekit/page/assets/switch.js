// The switch: choose, read what it will do, type the word, and see what became of each instrument.

import { ask, make, said, tell } from "./page.js";
import { follow } from "./stream.js";
import { clock } from "./figures.js";

const byId = (id) => document.getElementById(id);
const form = byId("confirm");
const go = byId("go");
const typed = byId("typed");
let account = null;
let trouble = null;
let wish = null;
let word = "";
let asking = 0;

function show(element, shown) { element?.classList.toggle("hidden", !shown); }

function chosen() {
  const to = form.elements.to.value;
  if (!to) return null;
  return { to, exit: to === "halted" && byId("exit").checked };
}

async function plan() {
  wish = chosen();
  show(byId("exit-row"), wish?.to === "halted");
  if (!wish) return;
  const mine = ++asking;
  try {
    const found = await ask(`/switch/plan?to=${wish.to}&exit=${wish.exit ? 1 : 0}`);
    if (mine !== asking) return; // another choice came, or this one has been done
    word = found.word;
    const list = byId("plan-list");
    const text = found.plan.join("\n");
    if (list.dataset.shown !== text) {
      list.dataset.shown = text;
      list.replaceChildren(...found.plan.map((line) => make("li", {}, ...said(line))));
    }
    show(byId("plan"), true);
    show(byId("fields"), found.changes);
    show(byId("reason-row"), wish.to !== "active");
    if (byId("word")) byId("word").textContent = word;
    ready();
  } catch (error) {
    tell(`${error.message}${error.help ? `; ${error.help}` : ""}`, { urgent: true });
  }
}

function ready() {
  if (go) go.disabled = !wish || typed.value.trim() !== word;
}

form.addEventListener("change", (event) => { if (event.target.name === "to" || event.target.id === "exit") { if (typed) typed.value = ""; plan(); } });
typed?.addEventListener("input", ready);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!go || go.disabled) return;
  go.disabled = true;
  try {
    const answer = await ask("/switch/turn", { to: wish.to, exit: wish.exit, typed: typed.value, reason: byId("reason").value });
    tell(answer.said, { seconds: 8 });
    form.reset();
    typed.value = "";
    show(byId("plan"), false);
    show(byId("exit-row"), false);
    wish = null;
    asking += 1;
    await became();
    byId("after-title").scrollIntoView({ block: "nearest" });
  } catch (error) {
    tell(`${error.message}${error.help ? `; ${error.help}` : ""}`, { urgent: true, seconds: 10 });
    ready();
  }
});

const WORDS = { active: "let the engine act", reducing: "let positions only shrink", halted: "halted the engine" };

async function became() {
  let found;
  try { found = await ask("/switch/outcome"); } catch { return; }
  show(byId("after"), Boolean(found.turned));
  if (!found.turned) return;
  const { turned, rows } = found;
  const flat = rows.filter((row) => row.is === 0).length;
  const text = `${turned.by} ${WORDS[turned.to]}${turned.exit ? " and had everything exited" : ""} at ${turned.at}; the engine is ${turned.mode}. ` +
    (turned.exit ? `${flat} of ${rows.length} instruments are flat.` : rows.length ? "" : "Nothing was held.");
  if (byId("after-what").textContent !== text) byId("after-what").textContent = text;
  const body = byId("after-rows");
  const shown = JSON.stringify(rows);
  if (body.dataset.shown === shown) return;
  body.dataset.shown = shown;
  body.replaceChildren(...rows.map((row) => make("tr", {},
    make("td", { class: "text" }, row.id.split(":").slice(1).join(" ")),
    make("td", {}, String(row.was)), make("td", {}, String(row.is)),
    make("td", { class: `text ${row.state === "flat" ? "flat" : row.state === "held" ? "" : "busy"}` }, row.state),
    make("td", { class: "text" }, row.done.length ? make("ul", {}, ...row.done.map((line) => make("li", {}, ...said(line)))) : "nothing was to be done"))));
}

function troubles() {
  const found = [...(trouble ? [trouble] : []), ...(account?.troubles || [])];
  const box = byId("troubles");
  const text = JSON.stringify(found);
  if (box.dataset.shown === text) return;
  box.dataset.shown = text;
  box.replaceChildren(...found.map((one) => make("p", { class: `note ${one.level === "bad" ? "bad" : ""}` }, ...said(one.text),
    one.help ? make("span", { class: "soft" }, " · ", ...said(one.help)) : null)));
}

let seen = "";
follow((change) => {
  if (change.account) {
    account = change.account;
    troubles();
    if (account.known) {
      const mode = byId("mode");
      mode.textContent = account.mode;
      mode.className = `badge ${account.mode}`;
      const text = `The engine is ${account.mode}${account.since ? ` since ${clock(account.since)}` : ""}${account.reason ? `: ${account.reason}` : ""}${account.running ? "" : "; no process runs it now"}.`;
      if (byId("now").textContent !== text) byId("now").textContent = text;
      const state = `${account.mode} ${account.waiting.length} ${account.unknown.length}`;
      if (wish && state !== seen) plan();
      seen = state;
    }
  }
  if (!byId("after").classList.contains("hidden")) became();
}, (text, help) => { trouble = text ? { text, help, level: "bad" } : null; troubles(); });

became();
setInterval(() => { if (wish && !document.hidden) plan(); }, 3000);
