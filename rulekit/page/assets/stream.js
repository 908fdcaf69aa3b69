// The stream of what changes: reconnects by itself, notices when nothing comes any more, and asks for everything again.

import { ask, Refused } from "./page.js";

const SILENT_MS = 7000;
const TRY_MS = 4000;
// Of the clock on the wall: that of the browser's own stands still while the machine sleeps.

/** Follow the account. `take(change)` gets each change; `trouble(text, help)` hears when nothing comes, "" when it does. */
export function follow(take, trouble) {
  let source = null;
  let last = Date.now();
  let silent = false;
  let version = "";
  let over = false;
  let asking = false;

  function alive() {
    last = Date.now();
    if (silent) { silent = false; trouble("", ""); }
  }

  function open() {
    source?.close();
    source = new EventSource(`/live/stream?since=${encodeURIComponent(version)}`);
    source.onmessage = (event) => {
      alive();
      version = event.lastEventId;
      take(JSON.parse(event.data));
    };
    source.addEventListener("beat", alive);
    source.addEventListener("over", () => {
      over = true;
      source.close();
      trouble("you are not in any longer", "load the page again");
    });
  }

  async function look() {
    if (over) return;
    if (Date.now() - last < SILENT_MS) return;
    if (!silent) {
      silent = true;
      trouble("the page's server does not answer: what is shown is old", "is `rulekit page` still running? it is tried again by itself");
    }
    if (asking) return;
    asking = true;
    try {
      // A browser that slept may hold a dead connection for long, and not know: a plain question tells.
      await ask("/live/changes?since=9007199254740991", undefined, { signal: AbortSignal.timeout(TRY_MS) });
      open();
      last = Date.now() - SILENT_MS + TRY_MS;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) {
        over = true;
        trouble("you are not in any longer", "load the page again");
      }
    } finally { asking = false; }
  }

  open();
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) open(); });
}
