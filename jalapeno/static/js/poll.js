/**
 * Parts of a page with `data-poll-ms` ask for themselves (hx-trigger="poll") until they come back without it: not
 * while the tab is hidden, slower the longer it takes, and slower still while the server does not answer.
 */

const SLOWEST_MS = 15_000;
const SLOWER = 1.08; // after a minute's rounds about every five seconds

let timer = 0;
let rounds = 0;
let failures = 0;

function parts() {
  return [...document.querySelectorAll("[data-poll-ms]")];
}

function schedule() {
  clearTimeout(timer);
  const paces = parts().map((part) => Number(part.dataset.pollMs));
  if (!paces.length) {
    rounds = 0;
    return;
  }
  timer = setTimeout(ask, Math.min(SLOWEST_MS, Math.min(...paces) * SLOWER ** rounds * 2 ** failures));
}

function ask() {
  if (document.hidden) return; // asked when the tab is seen again
  rounds += 1;
  for (const part of parts()) window.htmx.trigger(part, "poll");
}

/** Back in sight, or the connection is back: there may be news. */
function askNow() {
  clearTimeout(timer);
  ask();
}

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.elt?.dataset?.pollMs === undefined) return;
  failures = event.detail.successful ? 0 : failures + 1;
  schedule();
});
document.body.addEventListener("htmx:afterSettle", schedule);
document.addEventListener("visibilitychange", askNow);
window.addEventListener("online", askNow);
schedule();
