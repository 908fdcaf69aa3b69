// A position on sliders: what fires, why the others do not, and the picture of profit against age.

import { ask, broken, make, said } from "/assets/page/page.js";

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const WORDS = { exit: "exit", "exit everything": "exit", book: "book", add: "add", stop: "stop", target: "target", alert: "alert" };

function draw(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/** The panel of the sliders. `asked` gives what identifies the text; `goToLine` shows a rule. */
export class Trying {
  constructor(asked, goToLine) {
    this.asked = asked;
    this.goToLine = goToLine;
    this.position = null;
    this.sliders = [];
    this.shape = "";
    this.busy = false;
    this.again = false;
    $("sliders").addEventListener("submit", (event) => event.preventDefault());
  }

  /** Take in the sliders of the text as it is now; the position stays where it is. */
  offer(sliders, begin, applies) {
    this.begin = begin;
    this.position ??= structuredClone(begin);
    this.sliders = sliders;
    this.applies = applies;
    this.build();
  }

  /** Put the sliders where a witness, an example or a difference stands. */
  load(position) {
    this.position = structuredClone(position);
    this.build(true);
    this.look();
  }

  facts() { return this.position.facts; }

  get(key) {
    const [kind, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    const pairs = kind === "fact" ? this.position.facts : kind === "fired" ? this.position.fired : null;
    if (!pairs) return String(this.position[key] ?? "");
    return String((pairs.find((each) => each[0] === name) || ["", ""])[1]);
  }

  set(key, value) {
    const [kind, name] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
    if (kind !== "fact" && kind !== "fired") { this.position[key] = value; return; }
    const part = kind === "fact" ? "facts" : "fired";
    const rest = this.position[part].filter((each) => each[0] !== name);
    this.position[part] = value === "" ? rest : [...rest, [name, value]];
  }

  /** All sliders: those of the policy, and those of facts that a loaded position has besides. */
  all() {
    const known = new Set(this.sliders.map((each) => each.key));
    const more = [
      ...this.position.facts.map((each) => [`fact:${each[0]}`, each[0]]), ...this.position.fired.map((each) => [`fired:${each[0]}`, `${each[0]} acted`]),
      ...["days", "day", "lot"].filter((each) => this.position[each] && String(this.position[each]) !== "1").map((each) => [each, each === "day" ? "date" : each === "lot" ? "shares in a lot" : "trading days held"]),
    ].filter((each) => !known.has(each[0]));
    return [...this.sliders, ...more.map(([key, label]) => ({ key, label, unit: "", kind: key === "day" ? "days" : /^\d+:\d/.test(this.get(key)) ? "time" : "number", bare: true, rests: true, help: "", marks: [] }))];
  }

  build(force = false) {
    const all = this.all(), shape = JSON.stringify(all);
    if (!force && shape === this.shape) return;
    this.shape = shape;
    const form = $("sliders"), focused = document.activeElement?.id;
    form.replaceChildren(this.sides(), ...all.map((each) => this.row(each)));
    if (focused) $(focused)?.focus();
    this.tellProfit();
  }

  sides() {
    const box = make("fieldset", { class: "sides" }, make("legend", { class: "unseen" }, "side"));
    for (const side of ["long", "short"]) {
      const radio = make("input", { type: "radio", name: "side", value: side, id: `side-${side}` });
      radio.checked = this.position.side === side;
      radio.addEventListener("change", () => { this.position.side = side; this.changed(); });
      box.append(make("label", {}, radio, ` ${side}`));
    }
    const symbol = make("input", { type: "text", id: "symbol", value: this.position.symbol, maxlength: 40, "aria-label": "symbol" });
    symbol.addEventListener("input", () => { this.position.symbol = symbol.value; this.changed(); });
    box.append(symbol);
    return box;
  }

  row(each) {
    const id = `s-${each.key.replace(/\W+/g, "-")}`;
    const typed = make("input", {
      id, type: { time: "time", days: "date" }[each.kind] || "number", step: each.kind === "number" ? "any" : null, inputmode: each.kind === "number" ? "decimal" : null,
      placeholder: !each.rests || each.kind !== "number" ? null : each.key.startsWith("fired:") ? "never" : "unknown", value: this.get(each.key), required: !each.rests,
    });
    typed.dataset.key = each.key;
    const ranged = each.kind === "number" && !each.bare && each.key !== "entry" && each.key !== "lot";
    const range = ranged ? make("input", { type: "range", min: each.low, max: each.high, step: each.step, "aria-label": each.label, tabindex: 0 }) : null;
    const rest = () => range?.classList.toggle("resting", typed.value === "");
    if (range) {
      if (Number(this.get(each.key)) > Number(each.high)) range.max = this.get(each.key);
      range.value = this.get(each.key) || each.low;
      rest();
      range.addEventListener("input", () => { typed.value = tidy(range.value, each); this.set(each.key, typed.value); rest(); this.changed(); });
    }
    typed.addEventListener("input", () => {
      this.set(each.key, typed.value);
      if (range && typed.value !== "") range.value = typed.value;
      rest();
      this.changed();
    });
    const clear = each.rests ? make("button", { type: "button", class: "clear", "aria-label": `${each.label}: make it unknown`, title: "unknown", onclick: () => { typed.value = ""; this.set(each.key, ""); rest(); this.changed(); } }, "×") : make("span", {});
    const label = make("label", { for: id }, ...broken(each.label), each.unit ? make("span", { class: "soft small" }, each.unit) : "", each.key === "price" ? make("span", { class: "soft small", id: "profit" }) : "");
    if (each.help) label.title = each.help;
    return make("div", { class: range ? "slider" : "slider bare" }, label, range, typed, clear);
  }

  tellProfit() {
    const { entry, price, side } = this.position, gain = ((price - entry) / entry) * 100 * (side === "short" ? -1 : 1);
    if ($("profit")) $("profit").textContent = Number.isFinite(gain) ? `${Math.abs(gain).toFixed(2)}% ${gain < 0 ? "loss" : "profit"}` : "";
  }

  changed() {
    this.tellProfit();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), 40);
  }

  /** Ask what fires; while an answer is awaited only the newest position waits. */
  async look() {
    if (!this.position) return;
    if (this.busy) { this.again = true; return; }
    this.busy = true;
    try {
      const found = await ask("/studio/try", { ...this.asked(), position: this.position });
      $("try-trouble").hidden = true;
      if (found.ready) this.show(found.probe, found.picture);
      else this.tellTrouble("this text has errors: what the rules did before they came stands below");
    } catch (error) {
      this.tellTrouble(`${error.message}${error.help ? `; ${error.help}` : ""}`);
    } finally {
      this.busy = false;
      if (this.again) { this.again = false; this.look(); }
    }
  }

  /** Say what the text would do to the positions that are open now. */
  async openNow() {
    let found;
    try { found = (await ask("/studio/open", this.asked())).open; } catch { return; }
    const signs = JSON.stringify(found);
    if (signs === this.openSigns) return;
    this.openSigns = signs;
    $("open-now").replaceChildren(...found.map((each) => make("li", { class: each.does.length ? "fires" : "" }, make("b", {}, each.name), ": ",
      ...(each.does.length ? said(each.does.join("; ")) : [each.covered ? "nothing at this look" : "this policy is not for it"]), " ",
      make("button", { type: "button", class: "link", onclick: () => this.load(each.position) }, "load into the sliders"))));
    if (!found.length) $("open-now").append(make("li", { class: "soft" }, "none that the engine has shown"));
  }

  tellTrouble(text) {
    $("try-trouble").textContent = text;
    $("try-trouble").hidden = false;
  }

  show(probe, picture) {
    this.probe = probe;
    $("position").textContent = probe.outside ? `${probe.position}: ${probe.outside}` : probe.position;
    const fires = probe.verdicts.filter((each) => each.state === "fires"), others = probe.verdicts.filter((each) => each.state !== "fires");
    $("fires").replaceChildren(...(fires.length && !probe.outside ? fires : []).map((each) => this.verdict(each)));
    if (!fires.length || probe.outside) $("fires").append(make("li", {}, "nothing"));
    $("others").replaceChildren(...others.map((each) => this.verdict(each)));
    if ($("keep-example")) $("keep-example").disabled = !probe.example;
    this.paint(picture);
  }

  verdict(each) {
    const name = each.line ? make("button", { type: "button", class: "link", onclick: () => this.goToLine(each.line) }, ...broken(each.rule)) : make("b", {}, ...(each.rule === "stop" || each.rule === "target" ? [`the ${each.rule} of the position`] : broken(each.rule)));
    const state = { fires: each.does, "not yet": each.why.startsWith("not again") ? "" : "not yet", unknown: "", "passed over": "passed over" }[each.state];
    return make("li", { class: each.state.replace("passed over", "passed").replace("not yet", "not-yet") }, name, state ? ` ${state}: ` : ": ", make("span", { class: "why" }, ...said(each.why)));
  }

  // --- the picture ------------------------------------------------------------

  paint(picture) {
    const wide = Math.min(Math.max($("picture").clientWidth - 58, 240), 620), [left, top, high] = [46, 8, Math.min(320, wide * 0.75)];
    const { low, high: most, oldest, cells, regions } = picture;
    const x = (age) => left + (age / oldest) * wide, y = (profit) => top + ((most - profit) / (most - low)) * high;
    const svg = draw("svg", { viewBox: `0 0 ${left + wide + 10} ${top + high + 30}`, role: "img", "aria-label": this.pictureInWords(picture) });
    const cellHigh = high / cells.length, cellWide = wide / cells[0].length;
    const widest = regions.map(() => ({ size: 0 }));
    cells.forEach((row, i) => {
      for (let from = 0; from < row.length;) {
        let to = from + 1;
        while (to < row.length && row[to] === row[from]) to += 1;
        if (row[from] >= 0) {
          svg.append(draw("rect", { x: left + from * cellWide, y: top + i * cellHigh, width: (to - from) * cellWide, height: cellHigh, "shape-rendering": "crispEdges", class: `k-${WORDS[regions[row[from]].kind] || "alert"}`, "fill-opacity": [0.42, 0.26, 0.34, 0.2][row[from] % 4] }));
        }
        from = to;
      }
    });
    regions.forEach((_, number) => { widest[number] = middle(cells, number); });
    for (const profit of steps(low, most, 7)) {
      svg.append(draw("line", { x1: left, x2: left + wide, y1: y(profit), y2: y(profit), class: profit === 0 ? "zero" : "grid", "stroke-width": profit === 0 ? 1.5 : 0.7 }));
      svg.append(draw("text", { x: left - 6, y: y(profit) + 4, "text-anchor": "end", class: "faint" }, `${profit}%`));
    }
    for (const age of steps(0, oldest, 6, [5, 10, 15, 30, 60, 120, 240, 480, 1440])) {
      svg.append(draw("line", { x1: x(age), x2: x(age), y1: top, y2: top + high, class: "grid", "stroke-width": 0.7 }));
      svg.append(draw("text", { x: x(age), y: top + high + 16, "text-anchor": age ? "middle" : "start", class: "faint" }, age < 60 ? `${age} min` : `${Math.round(age / 6) / 10} h`));
    }
    widest.forEach((at, number) => {
      if (at) svg.append(draw("text", { x: left + (at.column + 0.5) * cellWide, y: top + (at.row + 0.5) * cellHigh + 5, "text-anchor": "middle", class: "mark" }, String(number + 1)));
    });
    if (picture.here) {
      const [profit, age] = picture.here;
      svg.append(draw("circle", { cx: x(age), cy: y(profit), r: 10, class: "here" }), draw("circle", { cx: x(age), cy: y(profit), r: 4, class: "here-dot" }));
    }
    svg.addEventListener("click", (event) => {
      const box = svg.getBoundingClientRect(), scale = (left + wide + 10) / box.width;
      const age = ((event.clientX - box.left) * scale - left) / wide * oldest, profit = most - ((event.clientY - box.top) * scale - top) / high * (most - low);
      if (age < 0 || age > oldest || profit < low || profit > most) return;
      const side = this.position.side === "short" ? -1 : 1;
      this.position.held = String(Math.round(age));
      this.position.price = (Math.round(this.position.entry * (1 + side * profit / 100) * 20) / 20).toFixed(2);
      this.build(true);
      this.look();
    });
    $("picture").replaceChildren(svg);
    $("legend").replaceChildren(...regions.map((each, number) => make("li", {}, make("b", { class: `k-${WORDS[each.kind] || "alert"}` }, String(number + 1)), ...broken(` ${each.rule} (${each.kind})`))));
    if (!regions.length) $("legend").replaceChildren(make("li", { class: "soft" }, "nothing is done anywhere in this picture"));
  }

  pictureInWords({ regions, low, high, oldest }) {
    const names = regions.map((each, i) => `${i + 1}: ${each.rule}`).join(", ") || "nothing is done";
    return `Profit from ${low}% to ${high}% against age up to ${oldest} minutes; regions: ${names}`;
  }
}

function tidy(value, each) {
  const places = (each.step.split(".")[1] || "").length;
  return Number(value).toFixed(places);
}

function steps(low, high, most, sizes = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50]) {
  const size = sizes.find((each) => (high - low) / each <= most) || (high - low) / most;
  const found = [];
  for (let at = Math.ceil(low / size); at * size <= high; at += 1) found.push(Math.round(at * size * 100) / 100);
  return found;
}

/** The cell of a region that is farthest from its edges, where its number stands. */
function middle(cells, number) {
  let best = null;
  cells.forEach((row, i) => row.forEach((cell, j) => {
    if (cell !== number) return;
    let reach = 0;
    while (reach < 8 && [[i - reach - 1, j], [i + reach + 1, j], [i, j - reach - 1], [i, j + reach + 1]].every(([a, b]) => cells[a]?.[b] === number)) reach += 1;
    if (!best || reach > best.reach) best = { row: i, column: j, reach };
  }));
  return best;
}
