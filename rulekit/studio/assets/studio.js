// The studio: at every key the text is looked at; the newest text wins, and nothing that takes long is waited for.

import { ask, make, said, tell } from "/assets/page/page.js";
import { Offers, Paper } from "./paper.js";
import { difference, Findings, piece, showExamples, Tabs } from "./panels.js";
import { Publishing } from "./publishing.js";
import { Replay } from "./replay.js";
import { Trying } from "./trying.js";

const $ = (id) => document.getElementById(id);
const home = $("studio");
const state = { digest: home.dataset.digest };
const key = [...crypto.getRandomValues(new Uint8Array(12))].map((each) => each.toString(16).padStart(2, "0")).join("");
const drafts = `rulekit-draft ${home.dataset.name}`;

const paper = new Paper(() => changed());
const asked = () => ({ key, name: home.dataset.name, text: paper.text });
const offers = new Offers(paper, asked);
const tabs = new Tabs((name) => opened(name));
const trying = new Trying(asked, (line) => paper.goToLine(line));
const findings = new Findings({ paper, load, current: () => seen.text === paper.text });
const replay = new Replay(asked);
const publishing = new Publishing({ asked, state, published });

const seen = { text: null, ready: false, glance: [], proved: null };

// --- at every key ------------------------------------------------------------

let timer = 0, proofTimer = 0, looking = false, lookAgain = false;

function changed() {
  keepDraft();
  clearTimeout(timer);
  timer = setTimeout(look, 60);
  clearTimeout(proofTimer);
  $("proofs").textContent = "";
}

async function look() {
  if (looking) { lookAgain = true; return; }
  looking = true;
  const mine = asked();
  try {
    const found = await ask("/studio/look", mine);
    if (mine.text === paper.text) {
      Object.assign(seen, { text: mine.text, ready: found.ready, glance: found.findings, proved: null });
      paper.know(found);
      findings.show(found.findings);
      stand();
      await beyond(mine, found.ready);
    }
  } catch (error) {
    standing("halted", error.message);
  } finally {
    looking = false;
    if (lookAgain || mine.text !== paper.text) { lookAgain = false; look(); }
  }
}

/** What a look leads to: examples, sliders, and after a pause the proofs. */
async function beyond(mine, ready) {
  if (!ready) {
    $("examples-said").textContent = "This text has errors; its examples are run when they are mended.";
    trying.look();
    return;
  }
  const found = await ask("/studio/examples", mine);
  if (mine.text !== paper.text || !found.ready) return;
  showExamples(found.trials, { goToLine: (line) => paper.goToLine(line), load });
  paper.tellExamples(found.trials);
  seen.failing = found.trials.filter((each) => !each.passed).length;
  stand();
  trying.offer(found.sliders, found.begin, found.applies);
  trying.openNow();
  trying.look();
  clearTimeout(proofTimer);
  proofTimer = setTimeout(() => prove(), 500);
}

async function prove() {
  const mine = asked();
  $("proofs").textContent = "looking at what the rules do together…";
  try {
    const { found, overtaken } = await ask("/studio/prove", mine);
    if (overtaken || mine.text !== paper.text) return;
    seen.proved = found;
    paper.mark(found);
    findings.show(found);
    stand();
    $("proofs").textContent = "What the rules do together has been looked at, too.";
  } catch (error) {
    if (mine.text === paper.text) $("proofs").textContent = `${error.message}; the rest stands`;
  }
}

function standing(kind, words) {
  $("standing").className = `badge ${kind}`;
  if ($("standing").textContent !== words) $("standing").textContent = words;
}

function stand() {
  const all = seen.proved || seen.glance, errors = all.filter((each) => each.severity === "error").length, warnings = all.filter((each) => each.severity === "warning").length;
  const many = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
  if (errors) standing("halted", many(errors, "error"));
  else if (!seen.ready) standing("reducing", "no rule yet");
  else if (seen.failing) standing("reducing", `${many(seen.failing, "example")} not as expected`);
  else if (warnings) standing("reducing", many(warnings, "warning"));
  else standing("active", "no errors");
  $("mend").disabled = !all.some((each) => each.mends.some((mend) => mend.safe));
  $("form").disabled = !seen.ready;
}

// --- what a person asks for ------------------------------------------------------------

function load(position) {
  tabs.open("try");
  trying.load(position);
  $("panel-try").scrollIntoView({ block: "nearest" });
  $("panel-try").focus({ preventScroll: true });
}

function opened(name) {
  if (name === "replay") replay.open();
  if (name === "compare") compare();
}

async function compare() {
  if (!seen.ready) { $("compare-said").textContent = "This text has errors: mend them first."; return; }
  $("compare-said").textContent = "comparing…";
  const mine = asked();
  try {
    const { found, overtaken } = await ask("/studio/compare", mine);
    if (overtaken) return;
    $("difference").replaceChildren(...difference(found, load));
    $("compare-said").textContent = mine.text === paper.text ? "" : "The text has changed since.";
  } catch (error) {
    $("compare-said").replaceChildren(...said(`${error.message}${error.help ? `; ${error.help}` : ""}`));
  }
}

async function rewritten(path, words) {
  const mine = asked();
  try {
    const { text } = await ask(path, mine);
    if (mine.text !== paper.text) return;
    const same = text === mine.text;
    paper.replaceAll(text);
    tell(same ? "it stands so already" : words);
  } catch (error) { tell(`${error.message}${error.help ? `; ${error.help}` : ""}`, { urgent: true }); }
}

$("compare").addEventListener("click", compare);
$("mend").addEventListener("click", () => rewritten("/studio/mend", "spelling and form are mended"));
$("form").addEventListener("click", () => rewritten("/studio/form", "it stands in canonical form"));
$("keep-example")?.addEventListener("click", () => {
  const title = ($("example-title").value.trim() || "from the sliders").replaceAll('"', "'");
  const example = trying.probe?.example.replace('example "from the sliders"', () => `example "${title}"`);
  if (!example) { tell("this position cannot be said as an example"); return; }
  const end = paper.text.length, gap = paper.text.endsWith("\n\n") || !paper.text ? "" : paper.text.endsWith("\n") ? "\n" : "\n\n";
  paper.replace(end, end, `${gap}${example}\n`);
  $("example-title").value = "";
  tell("the example stands at the end of the text");
});

for (const button of document.querySelectorAll("[data-version]")) {
  button.addEventListener("click", async () => {
    try {
      const { text } = await ask("/studio/version", { ...asked(), number: Number(button.dataset.version) });
      paper.replaceAll(text);
      tell("the version stands in the text; publish it to run it");
    } catch (error) { tell(error.message, { urgent: true }); }
  });
}

paper.area.addEventListener("keydown", async (event) => {
  if (event.key !== "F1") return;
  event.preventDefault();
  const { pieces } = await ask("/studio/help", { ...asked(), offset: paper.area.selectionStart });
  $("line-said").replaceChildren(...(pieces.length ? pieces.map(piece) : [make("p", { class: "soft" }, "Nothing is known of what stands here.")]));
  $("offers-told").textContent = pieces.map((each) => each.text).join(". ");
});

// --- nothing is lost ------------------------------------------------------------

function keepDraft() {
  const same = paper.text === paper.area.defaultValue && state.digest === home.dataset.digest;
  try {
    if (same) localStorage.removeItem(drafts);
    else localStorage.setItem(drafts, JSON.stringify({ text: paper.text, digest: state.digest }));
  } catch { /* a private window keeps none */ }
  $("saved").textContent = same ? "" : "not published";
}

function restore() {
  let kept = null;
  try { kept = JSON.parse(localStorage.getItem(drafts) || "null"); } catch { /* none that can be read */ }
  if (!kept || kept.text === paper.text || paper.area.readOnly) return;
  const published = paper.text, moved = kept.digest !== state.digest;
  const words = moved ? "The text that you had not published stands here; meanwhile another version was published." : "The text that you had not published stands here.";
  state.digest = kept.digest || state.digest;
  paper.area.value = kept.text;
  paper.paint();
  keepDraft();
  $("restored").hidden = false;
  $("restored").replaceChildren(words, " ", make("button", { type: "button", onclick: () => {
    state.digest = home.dataset.digest;
    paper.replaceAll(published);
    $("restored").hidden = true;
  } }, "Begin with the published one instead"));
}

async function published(done) {
  paper.area.defaultValue = paper.text;
  home.dataset.digest = done.digest;
  home.dataset.name = done.name;
  keepDraft();
  $("restored").hidden = true;
  const plain = `/studio/edit?policy=${encodeURIComponent(done.name)}`;
  history.replaceState(null, "", plain);
  for (let turn = 0; turn < 40 && state.digest === done.digest; turn += 1) {
    const found = await ask("/studio/running", { ...asked(), digest: done.digest }).catch(() => null);
    if (!found) return;
    $("saved").replaceChildren(...said(`published; ${found.said}`));
    if (found.runs) tell(found.said);
    if (found.runs || !found.engine) return;
    await new Promise((wait) => setTimeout(wait, 750));
  }
}

setInterval(() => { if (tabs.current === "try" && seen.ready && !document.hidden) trying.openNow(); }, 2000);

restore();
look();
