/**
 * Asks for a meeting's status until there is news: at the pace the server sets, not while the tab is hidden, slower
 * and slower while the server does not answer. The fragment that comes without a pace ends it.
 */

const SLOWEST_MS = 60_000;
const seen = { stage: null, at: 0, share: 0 }; // where this stage was when this page first saw it

let timer = 0;
let failures = 0;

function schedule() {
  clearTimeout(timer);
  const status = document.getElementById("meeting-status");
  const pace = Number(status?.dataset.pollMs ?? 0);
  if (!pace) return;
  tellTimeLeft(status);
  timer = setTimeout(ask, Math.min(SLOWEST_MS, pace * 2 ** failures));
}

function ask() {
  if (document.hidden) return; // asked when the tab is seen again
  const status = document.getElementById("meeting-status");
  if (status) window.htmx.trigger(status, "poll");
}

/** From how far this stage came since the page first saw it; nothing until that says something. */
function tellTimeLeft(status) {
  const { stage, share, left, seconds, minutes } = status.dataset;
  const now = performance.now();
  if (stage !== seen.stage || Number(share) < seen.share) Object.assign(seen, { stage, at: now, share: Number(share) });
  const elapsed = now - seen.at;
  const done = Number(share) - seen.share;
  if (share === "" || elapsed < 4000 || done < 0.01) return;
  const wait = Math.round(((1 - Number(share)) * elapsed) / done / 1000);
  const words = wait < 90 ? seconds.replace("{n}", Math.max(1, wait)) : minutes.replace("{n}", Math.round(wait / 60));
  status.querySelector('[data-part="left"]').textContent = left.replace("{time}", words);
}

/** Back in sight, or the connection is back: there may be news. */
function askNow() {
  clearTimeout(timer);
  ask();
}

document.addEventListener("visibilitychange", askNow);
window.addEventListener("online", askNow);
document.body.addEventListener("htmx:afterSwap", () => { failures = 0; schedule(); });
for (const kind of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.body.addEventListener(kind, (event) => {
    if (event.detail.elt?.id !== "meeting-status") return;
    failures += 1;
    schedule();
  });
}
schedule();
