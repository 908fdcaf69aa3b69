// The live view: positions, what waits, alerts, and the log, each changed where it stands as the stream tells.

import { ask, broken, make, said, tell } from "./page.js";
import { follow } from "./stream.js";
import { age, clock, count, percent, price, rupees, signed, tone } from "./figures.js";

const byId = (id) => document.getElementById(id);
const view = byId("live");
const acts = Boolean(view.dataset.acts);
const table = document.querySelector(".positions");
const positions = new Map();
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
const LOG_SHOWN = 300;
const FEW = 60; // of more positions a change is not shown by a flash: it would never be still

function set(element, text) {
  if (element.textContent !== text) { element.textContent = text; return true; }
  return false;
}

function show(element, shown) { element.classList.toggle("hidden", !shown); }

// --- positions ------------------------------------------------------------------------------------------------------

class Position {
  constructor(row) {
    this.symbol = make("b");
    this.sub = make("span", { class: "sub" });
    this.opener = make("button", { class: "opener", type: "button", "aria-expanded": "false", onclick: () => this.toggle() }, make("span", {}, this.symbol, this.sub));
    const cell = (kind, ...parts) => make("div", { role: "cell", class: kind }, ...parts);
    this.last = make("span");
    this.heard = make("span", { class: "sub" });
    this.price = cell("number", this.last, this.heard);
    this.gain = make("span");
    this.percent = make("span", { class: "sub" });
    this.profit = cell("number", this.gain, this.percent);
    this.entry = cell("number more");
    this.stop = cell("number more");
    this.target = cell("number more");
    this.near = cell("near");
    this.line = make("div", { role: "row", class: "line" }, make("div", { role: "rowheader" }, this.opener), this.price, this.profit, this.entry, this.stop, this.target, this.near);
    this.body = make("div", { role: "rowgroup", class: "position" }, this.line);
    this.details = null;
    this.asked = 0;
    this.take(row);
  }

  take(row) {
    const before = this.row;
    this.row = row;
    set(this.symbol, row.symbol);
    set(this.sub, `${row.side} ${count(row.quantity)} · ${row.product} · ${row.exchange}`);
    const moved = set(this.last, price(row.price));
    set(this.heard, row.price === null ? "no price yet" : row.old ? `old: ${clock(row.heard)}` : clock(row.heard));
    this.heard.className = row.old ? "sub loss" : "sub";
    set(this.gain, row.profit === null ? "–" : signed(row.profit));
    this.gain.className = tone(row.profit);
    set(this.percent, percent(row.percent));
    set(this.entry, price(row.entry));
    set(this.stop, price(row.stop));
    set(this.target, price(row.target));
    this.nearBy(row);
    if (before && moved && positions.size <= FEW) this.flash();
    if (this.details) this.ask();
  }

  flash() {
    if (document.hidden || still.matches) return;
    this.price.animate([{ backgroundColor: "var(--mark-soft)" }, { backgroundColor: "transparent" }], 900);
  }

  nearBy(row) {
    const parts = [];
    if (row.frozen) parts.push(["frozen", "an order of unknown fate: nothing is sent for it"]);
    for (const text of row.flying) parts.push(["flying", text]);
    if (row.managed === false) parts.push(["", "no policy is for this position"]);
    else if (row.near) parts.push(["", `${row.near.rule}: ${row.near.words}`]);
    const text = parts.map((part) => part.join("|")).join("\n");
    if (this.shown === text) return;
    this.shown = text;
    this.near.replaceChildren(...parts.map(([kind, words]) => make("span", { class: kind || null }, ...said(words))));
  }

  toggle() {
    if (this.details) {
      this.details.remove();
      this.details = null;
    } else {
      this.details = make("div", { role: "row", class: "details" }, make("div", { role: "cell" }, make("p", { class: "soft" }, "a moment …")));
      this.line.after(this.details);
      this.asked = 0;
      this.ask();
    }
    this.opener.setAttribute("aria-expanded", String(Boolean(this.details)));
  }

  async ask() {
    const now = performance.now();
    if (now - this.asked < 900) return;
    this.asked = now;
    try {
      this.explain(await ask(`/live/position?id=${encodeURIComponent(this.row.id)}`));
    } catch (error) {
      if (this.details) this.details.firstChild.replaceChildren(make("p", { class: "soft" }, error.message));
    }
  }

  explain(found) {
    if (!this.details) return;
    const row = this.row;
    const parts = [make("p", { class: "soft small" },
      `entry ${price(row.entry)}, stop ${price(row.stop)}, target ${price(row.target)}` +
      `${row.opened ? `, since ${row.opened.slice(0, 16).replace("T", " ")}` : ", held overnight"}` +
      `${row.realised ? `, taken so far ${signed(row.realised)}` : ""}${found.policy ? `; policy ${found.policy}` : ""}`)];
    if (found.rules.length) {
      parts.push(make("ul", { class: "rules" }, ...found.rules.map((rule) => make("li", {},
        make("span", { class: "name" }, ...broken(rule.rule)),
        make("span", { class: { acts: "acts", unknown: "unknown", spent: "spent", "passed over": "passed" }[rule.stands] || null },
          `${rule.stands === "acts" ? "acts now: " : rule.stands === "waits" ? "" : rule.stands === "spent" ? "not again: " : ""}`, ...said(rule.words))))));
    } else {
      parts.push(make("p", {}, found.managed ? "how near its rules are is not known: the engine has not shown this position yet" : "no policy is for this position"));
    }
    if (found.done.length) {
      parts.push(make("h3", {}, "Done in this position"), make("ul", { class: "small" }, ...found.done.map((one) => make("li", {},
        `${one.rule}: ${one.kind}${one.quantity ? ` ${one.filled} of ${one.quantity}` : ""}, ${one.state}${one.why ? ` (${one.why})` : ""}`))));
    }
    this.details.firstChild.replaceChildren(...parts);
  }
}

const ORDERS = {
  symbol: (a, b) => (a.row.symbol < b.row.symbol ? -1 : a.row.symbol > b.row.symbol ? 1 : a.row.id < b.row.id ? -1 : 1),
  profit: (a, b) => (b.row.profit ?? -Infinity) - (a.row.profit ?? -Infinity),
  percent: (a, b) => (b.row.percent ?? -Infinity) - (a.row.percent ?? -Infinity),
};

function fits(position) {
  const wanted = byId("find").value.trim().toUpperCase();
  return !wanted || position.row.id.toUpperCase().includes(wanted);
}

function arrange() {
  const found = [...positions.values()].filter(fits).sort(ORDERS[byId("sort").value]);
  const focused = document.activeElement;
  table.replaceChildren(table.firstElementChild, ...found.map((position) => position.body));
  if (focused && focused !== document.activeElement && table.contains(focused)) focused.focus();
}

// Of very many new positions those on top are shown at once, the others a moment later: what is below can wait.
const pending = new Map();

function takePositions(change) {
  let arranged = Boolean(change.whole);
  if (change.whole) {
    pending.clear();
    const kept = new Set(change.positions.map((row) => row.id));
    for (const id of [...positions.keys()]) if (!kept.has(id)) positions.delete(id);
  }
  for (const id of change.gone || []) { pending.delete(id); positions.get(id)?.body.remove(); positions.delete(id); }
  const fresh = [];
  for (const row of change.positions) {
    const known = positions.get(row.id);
    if (known) known.take(row);
    else if (pending.has(row.id)) pending.set(row.id, row);
    else fresh.push({ row });
  }
  if (fresh.length > FEW) fresh.sort(ORDERS[byId("sort").value]);
  for (const { row } of fresh.splice(0, FEW)) { positions.set(row.id, new Position(row)); arranged = true; }
  if (fresh.length && !pending.size) setTimeout(takePending, 0);
  for (const { row } of fresh) pending.set(row.id, row);
  if (arranged) arrange();
  show(byId("no-positions"), positions.size === 0 && change.version > 0);
  show(byId("positions-box"), positions.size > 0);
}

function takePending() {
  let left = 4 * FEW;
  for (const [id, row] of pending) {
    if (!left--) break;
    pending.delete(id);
    positions.set(id, new Position(row));
  }
  arrange();
  if (pending.size) setTimeout(takePending, 0);
}

byId("find").addEventListener("input", arrange);
byId("sort").addEventListener("change", arrange);
setInterval(() => { for (const position of positions.values()) if (position.details && !document.hidden) position.ask(); }, 2000);

// --- the account ----------------------------------------------------------------------------------------------------

let troubleHere = null;
let lastAccount = null;
let announced = null;

function troubles() {
  const found = [...(troubleHere ? [troubleHere] : []), ...(lastAccount?.troubles || [])];
  const box = byId("troubles");
  const text = JSON.stringify(found);
  if (box.dataset.shown === text) return;
  box.dataset.shown = text;
  box.replaceChildren(...found.map((one) => make("p", { class: `note ${one.level === "bad" ? "bad" : ""}` }, ...said(one.text),
    one.help ? make("span", { class: "soft" }, " · ", ...said(one.help)) : null)));
}

function takeAccount(account) {
  lastAccount = account;
  troubles();
  if (!account.known) return;
  set(byId("title"), account.account);
  const mode = byId("mode");
  set(mode, account.mode + (account.running ? "" : " · engine off"));
  mode.className = `badge ${account.running ? account.mode : account.mode === "active" ? "reducing" : account.mode}`;
  set(byId("as-of"), `as of ${account.at.slice(0, 19).replace("T", " ")}, engine ${account.running ? "on" : "off"}`);
  const reasons = [];
  if (account.mode !== "active") reasons.push(`${account.mode} since ${clock(account.since)}: ${account.reason}`);
  if (account.no_adds) reasons.push(`nothing is added: ${account.no_adds}`);
  if (account.blocked.length) reasons.push(`no more orders after refusals in a row: ${account.blocked.join(", ")}`);
  for (const one of account.strangers) reasons.push(`order ${one.order} bears our mark and is not in the journal: ${one.side} ${one.filled} of ${one.quantity} ${one.symbol}; \`rulekit adopt\` shows both sides`);
  const box = byId("reasons");
  if (box.dataset.shown !== JSON.stringify(reasons)) {
    box.dataset.shown = JSON.stringify(reasons);
    box.replaceChildren(...reasons.map((text) => make("p", { class: "note" }, ...said(text))));
  }
  const profit = byId("f-profit");
  set(profit, account.profit === null ? "–" : signed(account.profit));
  profit.className = tone(account.profit);
  const realised = byId("f-realised");
  set(realised, signed(account.realised));
  realised.className = tone(account.realised);
  set(byId("f-positions"), count(positions.size + pending.size));
  set(byId("f-waiting"), account.waiting.length + account.unknown.length
    ? `${account.waiting.length}${account.unknown.length ? `, ${account.unknown.length} unknown` : ""}` : "nothing");
  health(account);
  alerts(account.alerts);
  waiting(account.waiting);
  unknown(account.unknown);
  budgets(account);
}

function health(account) {
  const feed = byId("f-feed");
  const broker = byId("f-broker");
  const found = account.health;
  if (!found) {
    set(feed, account.running ? "not shown" : "no engine");
    set(broker, account.running ? "not shown" : "no engine");
    feed.className = broker.className = "small";
    return;
  }
  const late = found.stale + found.never;
  set(feed, !found.instruments ? "nothing held" : `${age(found.feed)}${late ? `, ${late} of ${found.instruments} old` : ""}`);
  feed.className = found.trading && late ? "small loss" : "small";
  set(broker, found.failures ? `failed ${found.failures} times` : `read ${age(found.broker)}`);
  broker.className = found.failures ? "small loss" : "small";
}

// Lists are made anew only where they say something else: what somebody is typing into must stay.
function changed(element, value) {
  const text = JSON.stringify(value);
  if (element.dataset.shown === text) return false;
  element.dataset.shown = text;
  return true;
}

function alerts(found) {
  show(byId("alerts"), found.length > 0);
  show(byId("seen-all"), acts && found.length > 1);
  const list = byId("alert-list");
  if (!changed(list, found)) return;
  const known = new Set(announced || []);
  for (const one of found) {
    if (announced && !known.has(one.id)) tell(`${one.symbol ? `${one.symbol}: ` : ""}${one.text}`, { urgent: true, seconds: 12 });
  }
  announced = found.map((one) => one.id);
  list.replaceChildren(...found.map((one) => make("li", { class: `alert ${one.level}` },
    make("span", { class: "what" }, make("span", { class: "soft small" }, `${clock(one.at)} ${one.level} `), one.symbol ? `${one.symbol}: ` : "", ...said(one.text)),
    acts ? make("button", { type: "button", "aria-label": `Seen: ${one.text}`, onclick: (event) => acknowledge(one.id, event.target) }, "Seen") : null)));
}

async function acknowledge(id, button) {
  button.disabled = true;
  try { tell((await ask("/live/acknowledge", { alert: id })).said); }
  catch (error) { tell(`${error.message}${error.help ? `; ${error.help}` : ""}`, { urgent: true }); button.disabled = false; }
}

byId("seen-all").addEventListener("click", async (event) => {
  await acknowledge("all", event.target);
  event.target.disabled = false;
});

function waiting(found) {
  show(byId("waiting"), found.length > 0);
  const rows = byId("waiting-rows");
  if (!changed(rows, found)) return;
  rows.replaceChildren(...found.slice(0, 200).map((one) => make("tr", {},
    make("td", { class: "text" }, one.symbol), make("td", { class: "text name" }, ...broken(one.rule)),
    make("td", { class: "text" }, `${(one.side || one.kind).toLowerCase()}${one.quantity === null ? "" : ` ${one.quantity}`}${one.filled ? `, ${one.filled} filled` : ""}`),
    make("td", { class: "text" }, one.state), make("td", { class: "long" }, one.why))));
}

function unknown(found) {
  show(byId("unknown"), found.length > 0);
  const list = byId("unknown-list");
  if (!changed(list, found)) return;
  const typed = new Map([...list.querySelectorAll("input")].map((input) => [input.id, input.value]));
  list.replaceChildren(...found.map((one) => {
    const attempts = one.attempts.map((each) => `tag ${each.tag}, order ${each.order_id || "–"}: ${each.quantity}, ${each.state}${each.filled ? `, ${each.filled} filled` : ""}`);
    const input = make("input", { id: `filled-${one.id}`, type: "number", min: "0", max: one.of === null ? null : String(one.of), inputmode: "numeric", step: "1" });
    input.value = typed.get(input.id) || "";
    return make("article", { class: "order", "aria-label": `${one.symbol}, ${one.rule}` },
      make("h3", {}, `${one.symbol}: ${(one.side || one.kind).toLowerCase()} ${one.quantity} (${one.rule}), ${one.state}`),
      make("ol", {}, ...one.evidence.map((text) => make("li", {}, text)), ...attempts.map((text) => make("li", { class: "mono" }, text))),
      acts && one.of !== null ? make("div", { class: "row" },
        make("label", { for: input.id }, `Filled, of ${one.of}: `), input,
        make("button", { type: "button", onclick: (event) => settle(one, input, event.target) }, "It was placed"),
        make("button", { type: "button", onclick: (event) => settle(one, null, event.target) }, "The broker never had it")) : null);
  }));
}

async function settle(one, input, button) {
  const filled = input === null ? null : Number.parseInt(input.value, 10);
  if (input !== null && !Number.isInteger(filled)) { tell("how many were filled? 0 if none", { urgent: true }); input.focus(); return; }
  const words = filled === null ? "the broker never had this order" : `it was placed, and ${filled} of ${one.of} were filled`;
  if (!window.confirm(`${one.symbol}, ${one.rule}: ${words}. It is believed and kept in the journal under your name.`)) return;
  button.disabled = true;
  try { tell((await ask("/live/settle", { action: one.id, filled })).said); }
  catch (error) { tell(`${error.message}${error.help ? `; ${error.help}` : ""}`, { urgent: true }); }
  button.disabled = false;
}

function budgets(account) {
  const rows = byId("budgets");
  if (changed(rows, account.budgets)) {
    rows.replaceChildren(...account.budgets.map((one) => make("tr", {}, make("td", { class: "text" }, one.window),
      make("td", {}, count(one.left)), make("td", {}, count(one.used)), make("td", {}, count(one.reserve)))));
  }
  set(byId("orders"), `orders today: ${count(account.orders)}`);
  const list = byId("policies");
  if (changed(list, account.policies)) {
    list.replaceChildren(...account.policies.map((one) => make("li", {}, `${one.title || one.path} `, make("code", { class: "soft" }, one.digest.slice(0, 8)))));
  }
}

// --- the log --------------------------------------------------------------------------------------------------------

const log = byId("log");
const wantedOf = () => byId("log-find").value.trim().toUpperCase();

function takeLog(change) {
  if (change.whole) log.replaceChildren();
  if (!change.log.length) return;
  const wanted = wantedOf();
  const top = log.scrollTop;
  const before = log.scrollHeight;
  const lines = change.log.slice(-LOG_SHOWN).reverse().map((one) => {
    const line = make("li", { class: one.tone || null }, make("time", {}, clock(one.at)), ...said(one.text));
    line.hidden = Boolean(wanted) && !line.textContent.toUpperCase().includes(wanted);
    return line;
  });
  log.prepend(...lines);
  while (log.childElementCount > LOG_SHOWN) log.lastElementChild.remove();
  if (top > 0) log.scrollTop = top + log.scrollHeight - before;
}

byId("log-find").addEventListener("input", () => {
  const wanted = wantedOf();
  for (const line of log.children) line.hidden = Boolean(wanted) && !line.textContent.toUpperCase().includes(wanted);
});

// --- all of it ------------------------------------------------------------------------------------------------------

follow((change) => {
  takePositions(change);
  takeLog(change);
  if (change.account) takeAccount(change.account);
  else if (lastAccount) set(byId("f-positions"), count(positions.size + pending.size));
  document.documentElement.dataset.version = change.version;
}, (text, help) => {
  troubleHere = text ? { text, help, level: "bad" } : null;
  troubles();
});
