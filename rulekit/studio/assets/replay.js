// A replay on chosen bars: figures, rules, and each drawn trade on a chart with its actions.

import { ask, broken, make, said } from "/assets/page/page.js";

const $ = (id) => document.getElementById(id);
const IST = 19800;
let library = null;

function charts() {
  library ??= new Promise((done, failed) => {
    const script = make("script", { src: "/studio/charts.js" });
    script.addEventListener("load", () => done(window.LightweightCharts));
    script.addEventListener("error", () => { library = null; failed(new Error("the charts' library is not installed; install the extra `replay`")); });
    document.head.append(script);
  });
  return library;
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The panel of the replay. */
export class Replay {
  constructor(asked) {
    this.asked = asked;
    this.form = $("replay-form");
    if (!this.form) return;
    $("replay-file").addEventListener("change", () => this.choose());
    this.form.addEventListener("submit", (event) => { event.preventDefault(); this.run(); });
  }

  async open() {
    if (!this.form || this.begun) return;
    this.begun = true;
    try {
      const { files } = await ask("/studio/bars", this.asked());
      $("replay-file").replaceChildren(make("option", { value: "" }, "choose a file"), ...files.map((each) => make("option", { value: each }, each)));
      if (files.length === 1) { $("replay-file").value = files[0]; this.choose(); }
      $("replay-said").textContent = files.length ? "" : "There is no price file in the folder.";
    } catch (error) { this.begun = false; this.say(error); }
  }

  async choose() {
    const file = $("replay-file").value;
    if (!file) return;
    $("replay-said").textContent = "reading…";
    try {
      const { found } = await ask("/studio/bars", { ...this.asked(), file });
      if (!found) return;
      $("replay-symbol").replaceChildren(...found.symbols.map(([name, rows]) => make("option", { value: name }, `${name} (${rows.toLocaleString("en-IN")})`)), found.symbols.length > 1 ? make("option", { value: "" }, "all of them") : "");
      $("replay-said").textContent = `from ${found.first} to ${found.last}`;
    } catch (error) { this.say(error); }
  }

  say(error) { $("replay-said").replaceChildren(...said(`${error.message}${error.help ? `; ${error.help}` : ""}`)); }

  async run() {
    const given = Object.fromEntries(new FormData(this.form));
    $("replay-said").textContent = "replaying…";
    try {
      const { found, overtaken } = await ask("/studio/replay", { ...this.asked(), chosen: given, beside: $("replay-beside").checked });
      if (overtaken) return;
      $("replay-said").textContent = found.trades ? "" : "There was no trade.";
      await this.show(found);
    } catch (error) { this.say(error); }
  }

  async show(found) {
    const which = make("select", { id: "replay-which", "aria-label": "trade" }, ...found.charts.map((each, i) => make("option", { value: i }, each.name)));
    const body = make("tbody", { id: "replay-done" });
    $("replay").replaceChildren(
      ...found.about.map((line) => make("p", { class: "soft small" }, line)),
      make("dl", { class: "tiles" }, ...found.tiles.map((each) => make("div", {}, make("dt", {}, each.name), make("dd", { class: each.tone }, each.text)))),
      make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "what each rule did" }, make("table", {}, make("thead", {}, make("tr", {}, ...["rule", "trades", "shares", "earned to the end ₹"].map((each, i) => make("th", { class: i ? "" : "text" }, each)))),
        make("tbody", {}, ...found.rules.map((each) => make("tr", {}, make("td", { class: "text name" }, ...broken(each.rule)), ...[each.trades, each.quantity, each.effect].map((value) => make("td", {}, typeof value === "number" ? value.toLocaleString("en-IN", { maximumFractionDigits: 0 }) : "–"))))))),
      ...(found.charts.length ? [
        make("p", { class: "row" }, make("button", { type: "button", id: "replay-before", "aria-label": "the trade before" }, "‹"), which, make("button", { type: "button", id: "replay-after", "aria-label": "the next trade" }, "›")),
        make("p", { id: "replay-words", class: "soft" }),
        make("div", { id: "replay-chart", role: "img", "aria-label": "the trade's prices, stops and orders; the table below lists them" }),
        make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "what was done in this trade" }, make("table", {}, make("thead", {}, make("tr", {}, ...["no.", "time", "what", "price ₹", "why"].map((each, i) => make("th", { class: [0, 3].includes(i) ? "" : "text" }, each)))), body)),
        make("p", { class: "soft small" }, "Charts by TradingView Lightweight Charts™."),
      ] : []),
      ...found.notes.map((line) => make("p", { class: "note small" }, line)),
    );
    if (!found.charts.length) return;
    const { createChart } = await charts();
    this.chart?.remove();
    this.series = [];
    this.chart = createChart($("replay-chart"), {
      autoSize: true, timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 2, borderColor: colour("--line") }, handleScroll: { vertTouchDrag: false }, crosshair: { mode: 0 },
      layout: { background: { color: colour("--ground") }, textColor: colour("--soft"), fontSize: 12 },
      grid: { vertLines: { color: colour("--line") }, horzLines: { color: colour("--line") } }, rightPriceScale: { borderColor: colour("--line") },
    });
    const go = (step) => { which.value = (Number(which.value) + step + found.charts.length) % found.charts.length; this.trade(found.charts[which.value]); };
    which.addEventListener("change", () => go(0));
    $("replay-before").addEventListener("click", () => go(-1));
    $("replay-after").addEventListener("click", () => go(1));
    this.trade(found.charts[0]);
  }

  trade(one) {
    for (const each of this.series) this.chart.removeSeries(each);
    let at = one.start + IST;
    const price = (units) => (one.base + units) / one.scale;
    const rows = one.t.map((step, i) => { at += step; return { time: at, open: price(one.o[i]), high: price(one.h[i]), low: price(one.l[i]), close: price(one.c[i]) }; });
    const candles = this.chart.addCandlestickSeries({
      upColor: colour("--gain"), downColor: colour("--loss"), borderVisible: false, wickUpColor: colour("--gain"), wickDownColor: colour("--loss"),
      priceFormat: { type: "price", precision: one.places, minMove: one.tick }, priceLineVisible: false, lastValueVisible: false,
    });
    candles.setData(rows);
    candles.setMarkers(one.marks.map((mark) => ({ time: rows[mark.i].time, position: mark.buy ? "belowBar" : "aboveBar", shape: mark.shape || (mark.buy ? "arrowUp" : "arrowDown"), color: colour(mark.colour), text: mark.text })));
    this.series = [candles];
    this.level([[one.from, one.entry], [one.to, one.entry]], rows, { color: colour("--mark"), lineStyle: 2, lineWidth: 1 });
    this.level(one.others, rows, { color: colour("--soft"), lineStyle: 2, lineWidth: 1 });
    this.level(one.targets, rows, { color: colour("--gain") });
    this.level(one.stops, rows, { color: colour("--loss") });
    // A little room before the first bar: the mark of an entry there would be cut off.
    this.chart.timeScale().setVisibleLogicalRange({ from: -Math.max(2, rows.length * 0.03), to: rows.length + 1 });
    $("replay-words").replaceChildren(...said(one.said));
    $("replay-done").replaceChildren(...one.done.map((cells) => make("tr", {}, ...cells.map((text, i) => make("td", { class: ["", "text", "text name", "", "long"][i] }, ...broken(String(text)))))));
  }

  level(points, rows, options) {
    if (!points.length) return;
    const line = this.chart.addLineSeries({ lineType: 1, lineWidth: 2, priceLineVisible: false, lastValueVisible: false, crosshairMarkerVisible: false, ...options });
    line.setData(points.map(([i, value]) => (value === null ? { time: rows[i].time } : { time: rows[i].time, value })));
    this.series.push(line);
  }
}
