// The panels below the paper: findings with what mends them, examples, the difference, the tabs themselves.

import { ask, make, said, tell } from "/assets/page/page.js";

const $ = (id) => document.getElementById(id);

/** Tabs by the keyboard, too: arrows, Home and End. */
export class Tabs {
  constructor(opened) {
    this.tabs = [...document.querySelectorAll("[role=tab]")];
    this.opened = opened;
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.open(tab.id.slice(4)));
      tab.addEventListener("keydown", (event) => {
        const at = this.tabs.indexOf(tab);
        const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: this.tabs.length - 1 }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        const next = this.tabs[(to + this.tabs.length) % this.tabs.length];
        this.open(next.id.slice(4));
        next.focus();
      });
    }
    window.addEventListener("resize", () => this.reveal());
  }

  /** Let the chosen tab be seen whole, however narrow the window has become. */
  reveal() {
    const chosen = this.tabs.find((tab) => tab.id === `tab-${this.current}`);
    if (chosen) requestAnimationFrame(() => chosen.scrollIntoView({ block: "nearest", inline: "center" }));
  }

  open(name) {
    for (const tab of this.tabs) {
      const chosen = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", chosen ? "true" : "false");
      tab.tabIndex = chosen ? 0 : -1;
      $(tab.getAttribute("aria-controls")).hidden = !chosen;
    }
    this.current = name;
    this.reveal();
    this.opened(name);
  }
}

/** The list of findings. */
export class Findings {
  constructor({ paper, load, current }) {
    this.paper = paper;
    this.load = load;
    this.current = current;
    this.signs = "";
  }

  show(findings) {
    const errors = findings.filter((each) => each.severity === "error").length, warnings = findings.filter((each) => each.severity === "warning").length;
    const count = $("count-findings");
    count.textContent = findings.length ? String(findings.length) : "";
    count.className = `count ${errors ? "error" : warnings ? "warning" : ""}`;
    const signs = JSON.stringify(findings);
    if (signs === this.signs) return;
    this.signs = signs;
    const open = new Set([...document.querySelectorAll("#findings details[open]")].map((each) => each.dataset.of));
    $("findings").replaceChildren(...findings.map((each) => this.card(each, open)));
    if (!findings.length) $("findings").append(make("li", { class: "card passed" }, "Nothing is found in this text."));
  }

  card(each, open) {
    const parts = [
      make("p", { class: "small" }, make("span", { class: `severity ${each.severity}` }, each.severity), ` · ${each.code}${each.status ? ` · ${each.status}` : ""} · `,
        make("button", { type: "button", class: "link", onclick: () => this.paper.goTo(each.start, each.end) }, `line ${each.line}`)),
      make("p", { class: "message" }, ...said(each.message)),
    ];
    if (each.help) parts.push(make("p", { class: "soft" }, ...said(each.help)));
    for (const other of each.others) parts.push(make("p", { class: "small" }, make("button", { type: "button", class: "link", onclick: () => this.paper.goTo(other.start, other.end) }, `line ${other.line}`), ...said(other.message)));
    if (each.witness.length) parts.push(make("ul", { class: "witness", "aria-label": "an example of it" }, ...each.witness.map((line) => make("li", {}, ...said(line)))));
    const acts = make("p", { class: "row" });
    if (each.position) acts.append(make("button", { type: "button", onclick: () => this.load(each.position) }, "Load into the sliders"));
    if (!this.paper.area.readOnly) {
      for (const mend of each.mends) acts.append(make("button", { type: "button", class: mend.title.startsWith("Write:") ? "mend" : "", onclick: () => this.mend(mend) }, mend.title));
    }
    const about = make("details", { "data-of": `${each.code} ${each.line}` }, make("summary", {}, `What ${each.code} is about`), make("div", { class: "about small" }));
    about.open = open.has(about.dataset.of);
    about.addEventListener("toggle", () => this.about(each.code, about));
    if (about.open) this.about(each.code, about);
    return make("li", { class: `card ${each.severity}` }, ...parts, acts.childElementCount ? acts : null, about);
  }

  mend(mend) {
    if (!this.current()) { tell("the text has changed: look again"); return; }
    this.paper.replace(mend.start, mend.end, mend.text);
    tell(mend.title.startsWith("Write:") ? "written" : "a comment stands above it: write the reason");
  }

  async about(code, box) {
    const body = box.querySelector(".about");
    if (!box.open || body.childElementCount) return;
    try {
      const { pieces } = await ask(`/studio/about/${code}`);
      body.append(...pieces.map(piece));
    } catch (error) { body.textContent = error.message; }
  }
}

/** One piece of an explanation as an element; its text stays a text. */
export function piece({ kind, text }) {
  if (kind === "code") return make("pre", {}, text);
  if (kind === "rule") return make("hr", {});
  if (kind === "head") return make("h3", {}, text);
  const parts = text.split("**").flatMap((part, i) => (i % 2 ? [make("b", {}, ...said(part))] : said(part)));
  return make("p", {}, ...parts);
}

/** The list of examples. */
export function showExamples(trials, { goToLine, load }) {
  const passed = trials.filter((each) => each.passed).length, count = $("count-examples");
  count.textContent = trials.length ? `${passed}/${trials.length}` : "";
  count.className = `count ${passed === trials.length ? "good" : "error"}`;
  const words = trials.length === 1 ? "1 example" : `${trials.length} examples`;
  $("examples-said").textContent = trials.length ? `${words}, ${passed === trials.length ? "each comes out as it expects" : `${trials.length - passed} not as expected`}.` : "There is no example yet. Try a position, and keep it as one.";
  $("examples").replaceChildren(...trials.map((each) => make("li", { class: `card ${each.passed ? "passed" : "missed"}` },
    make("p", {}, make("b", {}, each.passed ? "passes" : "fails"), ": ", each.title, " · ", make("button", { type: "button", class: "link", onclick: () => goToLine(each.line) }, `line ${each.line}`)),
    ...(each.passed ? [] : each.missed.map((line) => make("p", { class: "message" }, ...said(line)))),
    make("p", { class: "soft small" }, ...said(`came: ${each.came.join("; ")}`)),
    each.position ? make("p", {}, make("button", { type: "button", onclick: () => load(each.position) }, "Load into the sliders")) : null)));
}

/** What a text does otherwise than the published one, as elements. */
export function difference(found, load) {
  if (!found) return [make("p", {}, "This policy has not been published yet: all of it is new.")];
  if (found.same) return [make("p", { class: "note good" }, `No difference in what it does (${found.summary}).`)];
  const parts = [make("p", { class: "soft" }, found.summary)];
  for (const each of found.applies) parts.push(make("p", { class: "note" }, ...said(each)));
  const one = (change) => make("li", { class: "card" }, make("p", {}, make("b", {}, change.name)), make("p", {}, ...said(change.told)),
    change.position && load ? make("p", {}, make("button", { type: "button", onclick: () => load(change.position) }, "Load into the sliders")) : null);
  for (const rule of found.rules) parts.push(make("h2", {}, ...said(rule.told)), make("ul", { class: "found" }, ...rule.changes.map(one)));
  if (found.whole.length) parts.push(make("h2", {}, "All rules together"), make("ul", { class: "found" }, ...found.whole.map(one)));
  else if (found.tried) parts.push(make("p", {}, `All rules together: ${found.tried}.`));
  return parts;
}
