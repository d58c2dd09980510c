/** What htmx needs on every page: the CSRF token in its requests, and words when a request fails. */

import { csrfToken } from "./csrf.js";
import { LOST, toast } from "./toasts.js";

export function watchFragments() {
  document.body.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = csrfToken();
  });
  document.body.addEventListener("htmx:responseError", (event) => {
    const { xhr, elt } = event.detail;
    if (!isQuiet(elt)) toast(wordsOf(xhr), "bad");
  });
  document.body.addEventListener("htmx:sendError", (event) => {
    if (!isQuiet(event.detail.elt)) toast(LOST, "bad");
  });
  document.body.addEventListener("toast", (event) => toast(event.detail.message, event.detail.kind));
}

/** What polls in the background fails in silence: the next poll tries again. */
function isQuiet(element) {
  return element?.closest?.("[data-quiet]") != null;
}

function wordsOf(xhr) {
  const parsed = new DOMParser().parseFromString(xhr.responseText ?? "", "text/html");
  const words = (parsed.querySelector("[data-message]") ?? parsed.querySelector("main") ?? parsed.body).textContent;
  return words.replace(/\s+/g, " ").trim().slice(0, 300) || LOST;
}
