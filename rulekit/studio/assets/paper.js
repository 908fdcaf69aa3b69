// The text that is written: a real textarea, and behind it the same text with its colours; beside it the sentences.

import { ask, make, said as worded } from "/assets/page/page.js";

const $ = (id) => document.getElementById(id);

/** The paper: what a person writes, and what is shown on it. `changed` is called after every change of the text. */
export class Paper {
  constructor(changed) {
    this.area = $("text");
    this.colours = {};
    this.coloured = new Map(); // a line's text, and its stretches: what did not change keeps its colours at once
    this.findings = [];
    this.said = [];
    this.shown = { findings: null, text: "" };
    this.changed = changed;
    this.area.addEventListener("input", () => { this.paint(); changed(); });
    this.area.addEventListener("scroll", () => this.follow());
    for (const event of ["keyup", "click", "focus", "select"]) this.area.addEventListener(event, () => this.tellLine());
    new ResizeObserver(() => this.follow()).observe(this.area);
    this.paint();
  }

  get text() { return this.area.value; }

  /** Put a text in place of what stands there, so that it can be undone. */
  replace(start, end, text) {
    if (this.area.readOnly) return;
    this.area.focus();
    this.area.setSelectionRange(start, end);
    const done = text === "" ? start === end || document.execCommand("delete") : document.execCommand("insertText", false, text);
    if (!done) {
      this.area.setRangeText(text, start, end, "end");
      this.area.dispatchEvent(new Event("input"));
    }
  }

  /** Put another text in place of all of it; only what differs is touched. */
  replaceAll(text) {
    const old = this.text;
    if (old === text) return;
    let first = 0;
    while (first < old.length && old[first] === text[first]) first += 1;
    let last = 0;
    while (last < old.length - first && last < text.length - first && old[old.length - 1 - last] === text[text.length - 1 - last]) last += 1;
    this.replace(first, old.length - last, text.slice(first, text.length - last));
  }

  /** Go to a place, and show it. */
  goTo(start, end) {
    this.area.focus();
    this.area.setSelectionRange(start, end);
    const line = this.text.slice(0, start).split("\n").length;
    const high = this.lineHeight;
    const top = (line - 1) * high;
    if (top < this.area.scrollTop || top > this.area.scrollTop + this.area.clientHeight - 2 * high) this.area.scrollTop = Math.max(0, top - 3 * high);
    this.tellLine();
  }

  goToLine(line) {
    const lines = this.text.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    this.goTo(start, start + (lines[line - 1] || "").length);
  }

  get lineHeight() { return parseFloat(getComputedStyle(this.area).lineHeight); }

  /** Take in what is known of this very text. */
  know({ colours, findings, beside }) {
    const lines = this.text.split("\n");
    this.coloured.clear();
    lines.forEach((line, i) => this.coloured.set(line, colours[i + 1] || []));
    this.findings = findings;
    this.said = beside;
    this.shown = { findings, text: this.text };
    this.paint();
    this.tellLine();
  }

  /** Say beside the examples how they come out. */
  tellExamples(trials) {
    const lines = this.text.split("\n");
    const told = trials.map((each) => ({ line: each.line, end_line: each.line, said: each.passed ? "✓ it comes out as it expects" : `✗ ${each.missed[0]}`, text: lines[each.line - 1] }));
    const at = new Set(told.map((each) => each.line));
    this.said = [...this.said.filter((each) => !at.has(each.line)), ...told];
    this.paint();
    this.tells = "";
    this.tellLine();
  }

  /** Take in findings that were proved of this very text. */
  mark(findings) {
    this.findings = findings;
    this.shown = { findings, text: this.text };
    this.paint();
    this.tellLine();
  }

  paint() {
    const text = this.text, lines = text.split("\n");
    const current = this.shown.text === text;
    const marks = current ? this.findings : [];
    const sheet = document.createDocumentFragment(), numbers = document.createDocumentFragment(), beside = document.createDocumentFragment();
    const said = new Map(this.said.map((each) => [each.line, each]));
    let at = 0;
    lines.forEach((line, i) => {
      const here = marks.filter((each) => each.start <= at + line.length && each.end >= at && (each.end > at || each.start === each.end || each.line === i + 1));
      sheet.append(this.paintedLine(line, at, here));
      const worst = ["error", "warning", "info"].find((severity) => marks.some((each) => each.line === i + 1 && each.severity === severity));
      numbers.append(make("div", { class: worst || null }, String(i + 1)));
      const told = said.get(i + 1);
      beside.append(make("div", {}, told && (current || told.text === line) ? told.said.replaceAll("`", "") : ""));
      if (told) told.text = told.text ?? line;
      at += line.length + 1;
    });
    $("colours").replaceChildren(sheet);
    $("numbers").replaceChildren(numbers);
    $("beside").replaceChildren(beside);
    this.area.rows = Math.min(Math.max(lines.length + 1, 12), 26);
    this.follow();
  }

  paintedLine(line, at, marks) {
    const row = make("div", {});
    const stretches = this.coloured.get(line) || [];
    const cuts = new Set([0, line.length]);
    for (const [first, last] of stretches) { cuts.add(first); cuts.add(last); }
    const spans = marks.map((each) => {
      const first = Math.max(0, each.start - at), last = Math.min(line.length, Math.max(each.end - at, first + 1));
      cuts.add(Math.min(first, line.length)); cuts.add(last);
      return [first, last, each.severity];
    });
    const sorted = [...cuts].filter((each) => each >= 0 && each <= line.length).sort((a, b) => a - b);
    for (let i = 0; i + 1 < sorted.length; i += 1) {
      const [first, last] = [sorted[i], sorted[i + 1]];
      const colour = stretches.find((each) => each[0] <= first && last <= each[1]);
      const mark = spans.find((each) => each[0] <= first && last <= each[1]);
      const classes = [colour ? `c-${colour[2]}` : "", mark ? `m-${mark[2]}` : ""].filter(Boolean).join(" ");
      row.append(classes ? make("span", { class: classes }, line.slice(first, last)) : line.slice(first, last));
    }
    row.append("\u200b"); // an empty line has its height, too
    return row;
  }

  follow() {
    const { scrollTop, scrollLeft } = this.area;
    $("colours").style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
    for (const id of ["numbers", "beside"]) $(id).style.transform = `translateY(${-scrollTop}px)`;
    $("paper").style.setProperty("--high", `${this.area.offsetHeight}px`);
  }

  /** Say below the text what the line of the cursor means, and what was found on it. */
  tellLine() {
    const line = this.text.slice(0, this.area.selectionStart).split("\n").length;
    if (this.tells === `${line} ${this.text} ${this.shown.findings?.length}`) return;
    this.tells = `${line} ${this.text} ${this.shown.findings?.length}`;
    const told = this.said.find((each) => each.line <= line && line <= each.end_line);
    const here = this.shown.text === this.text ? this.findings.filter((each) => each.line === line) : [];
    const parts = here.map((each) => make("p", { class: `on-line ${each.severity}` }, make("b", {}, each.severity), " ", ...worded(each.message)));
    if (told) parts.push(make("p", {}, ...worded(told.said)));
    if (told && told.canonical) parts.push(make("p", { class: "soft small" }, "in canonical words: ", make("code", {}, told.canonical)));
    if (!parts.length) parts.push(make("p", { class: "soft" }, `Line ${line}.`));
    $("line-said").replaceChildren(...parts);
  }
}

// --- what may stand next ------------------------------------------------------------

/** The list of what may stand at the cursor; it never takes Enter unless a person has moved to one of its lines. */
export class Offers {
  constructor(paper, asked) {
    this.paper = paper;
    this.asked = asked;
    this.box = $("offers");
    this.found = [];
    this.at = 0;
    this.moved = false;
    this.turn = 0;
    const area = paper.area;
    area.setAttribute("aria-controls", "offers");
    area.addEventListener("keydown", (event) => this.key(event));
    area.addEventListener("input", (event) => this.typed(event));
    area.addEventListener("blur", () => setTimeout(() => this.hide(), 150));
    area.addEventListener("click", () => this.hide());
  }

  typed(event) {
    if (!event.inputType || !event.inputType.startsWith("insert") || !event.data) return void this.hide();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(false), 140);
  }

  async ask(wanted) {
    const area = this.paper.area, turn = (this.turn += 1);
    if (area.readOnly) return;
    const line = area.value.slice(0, area.selectionStart).split("\n").pop();
    if (!wanted && !line.trim()) return void this.hide();
    try {
      const { choices } = await ask("/studio/offers", { ...this.asked(), offset: area.selectionStart });
      if (turn === this.turn && document.activeElement === area) this.show(choices, wanted);
    } catch { this.hide(); }
  }

  show(choices, wanted) {
    this.found = choices;
    this.at = 0;
    this.moved = false;
    if (!choices.length) {
      this.hide();
      if (wanted) $("offers-told").textContent = "nothing is offered here";
      return;
    }
    this.box.replaceChildren(...choices.map((each, i) => make("li", {
      role: "option", id: `offer-${i}`, "aria-selected": i === 0 ? "true" : "false",
      onmousedown: (event) => { event.preventDefault(); this.take(i); },
    }, make("b", {}, each.text.trim()), each.detail ? make("span", { class: "soft" }, ` ${each.detail}`) : "")));
    this.box.hidden = false;
    this.mark();
    this.place();
    $("offers-told").textContent = `${choices.length} may stand here; the first is ${choices[0].text.trim()}`;
  }

  place() {
    const area = this.paper.area, before = area.value.slice(0, this.found[0].start).split("\n");
    const probe = make("span", { class: "probe" }, before.at(-1) || "\u200b");
    $("colours").parentElement.append(probe);
    const left = before.at(-1) ? probe.getBoundingClientRect().width : 0;
    probe.remove();
    const style = getComputedStyle(area), high = this.paper.lineHeight;
    const top = parseFloat(style.paddingTop) + before.length * high - area.scrollTop + 2;
    const room = area.clientWidth - Math.min(320, area.clientWidth);
    this.box.style.left = `${Math.max(0, Math.min(parseFloat(style.paddingLeft) + left - area.scrollLeft, room))}px`;
    const above = top + this.box.offsetHeight > Math.max(area.clientHeight, 260) && top - high > this.box.offsetHeight;
    this.box.style.top = `${above ? top - high - this.box.offsetHeight - 4 : top}px`;
  }

  mark() {
    // eight of them are shown round the chosen one, so that the list itself need not be scrolled
    const lines = [...this.box.children], first = Math.max(0, Math.min(this.at - 4, lines.length - 8));
    lines.forEach((each, i) => {
      each.setAttribute("aria-selected", i === this.at ? "true" : "false");
      each.hidden = i < first || i >= first + 8;
    });
    const line = lines[this.at];
    this.paper.area.setAttribute("aria-activedescendant", line ? line.id : "");
  }

  hide() {
    clearTimeout(this.timer);
    this.box.hidden = true;
    this.found = [];
    this.paper.area.removeAttribute("aria-activedescendant");
  }

  take(i) {
    const each = this.found[i];
    this.hide();
    if (!each) return;
    this.paper.replace(each.start, each.end, each.text);
  }

  key(event) {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      this.ask(true);
    } else if (this.box.hidden) {
      // nothing is open: the text has all its keys, Tab leaves it
    } else if (event.key === "Escape") {
      event.preventDefault();
      this.turn += 1;
      this.hide();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.at = (this.at + (event.key === "ArrowDown" ? 1 : this.found.length - 1)) % this.found.length;
      this.moved = true;
      this.mark();
    } else if (event.key === "Tab" || (event.key === "Enter" && this.moved)) {
      event.preventDefault();
      this.take(this.at);
    }
  }
}
