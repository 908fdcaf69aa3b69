// Publishing: what it would do is shown first; nothing is lost where somebody else was quicker.

import { ask, make, said, tell } from "/assets/page/page.js";
import { difference } from "./panels.js";

const $ = (id) => document.getElementById(id);

/** The dialog that publishes. `state` holds the digest of the file as it was opened. */
export class Publishing {
  constructor({ asked, state, published }) {
    this.asked = asked;
    this.state = state;
    this.published = published;
    this.dialog = $("publishing");
    $("publish")?.addEventListener("click", () => this.open());
    $("publish-now").addEventListener("click", () => this.publish());
  }

  trouble(text) {
    $("publishing-trouble").textContent = text;
    $("publishing-trouble").hidden = !text;
  }

  async open() {
    this.trouble("");
    $("publish-now").disabled = true;
    $("publishing-said").replaceChildren(make("p", {}, "checking…"));
    if (!this.dialog.open) this.dialog.showModal();
    const asked = this.asked();
    this.text = asked.text;
    let ready;
    try {
      ready = await ask("/studio/check", { ...asked, opened: this.state.digest });
    } catch (error) {
      $("publishing-said").replaceChildren();
      this.trouble(`${error.message}${error.help ? `; ${error.help}` : ""}`);
      return;
    }
    if (ready.errors.length) {
      $("publishing-said").replaceChildren(make("p", {}, "A policy with errors is not published."), make("ul", {}, ...ready.errors.map((line) => make("li", {}, ...said(line)))));
      return;
    }
    if (ready.changed) { await this.quicker(ready.changed); return; }
    if (ready.same) { $("publishing-said").replaceChildren(make("p", {}, "This is what stands in the file already.")); return; }
    const searched = make("div", {}, make("p", { class: "soft" }, "looking for positions on which it does otherwise…"));
    const failing = make("div", { role: "alert" });
    $("publishing-said").replaceChildren(failing, make("p", {}, this.state.digest ? "It changes: " : "It is new: ", ...said(ready.said || "the words, not the meaning")), searched,
      make("p", { class: "soft small" }, "The file is written at once, the version before it is kept. A running engine takes it between two looks; what is under way goes on."));
    $("publish-now").disabled = false;
    $("publish-now").focus();
    this.warn(failing, asked);
    try {
      const { found } = await ask("/studio/compare", asked);
      searched.replaceChildren(...difference(found, null));
    } catch (error) { searched.replaceChildren(make("p", { class: "soft" }, error.message)); }
  }

  /** Say which examples do not come out as they expect: whoever wrote them meant another policy than this text. */
  async warn(box, asked) {
    try {
      const { trials } = await ask("/studio/examples", asked);
      const failing = trials.filter((each) => !each.passed);
      if (failing.length) box.replaceChildren(make("p", { class: "note bad" }, `${failing.length} of ${trials.length} examples not as expected: ${failing.map((each) => each.title || `line ${each.line}`).join("; ")}`));
    } catch (error) { box.replaceChildren(make("p", { class: "note" }, error.message)); }
  }

  /** Somebody else has changed the file: show theirs, keep ours, and let the person decide. */
  async quicker(words) {
    const theirs = await ask("/studio/file", this.asked());
    const over = make("button", { type: "button", onclick: () => { this.state.digest = theirs.digest; this.open(); } }, "Take theirs as the beginning, and compare mine with it");
    $("publishing-said").replaceChildren(make("p", { class: "note bad", role: "alert" }, `${words}. Nothing was written, and your text is still here.`), make("h3", {}, "What stands in the file now"), make("pre", { tabindex: 0 }, theirs.text), make("p", {}, over));
  }

  async publish() {
    this.trouble("");
    const asked = this.asked();
    if (asked.text !== this.text) { this.trouble("the text has changed since it was checked: close this, and look again"); return; }
    $("publish-now").disabled = true;
    try {
      const done = await ask("/studio/publish", { ...asked, opened: this.state.digest });
      this.state.digest = done.digest;
      this.dialog.close();
      tell(`published as version ${done.number}${done.trouble ? `; ${done.trouble}` : ""}`, { urgent: Boolean(done.trouble) });
      this.published(done);
    } catch (error) {
      this.trouble(`${error.message}${error.help ? `; ${error.help}` : ""}`);
      if (error.message.includes("since you")) await this.quicker(error.message);
    }
  }
}
