/** A form on its way, with progress: XMLHttpRequest, because fetch does not tell how much it has sent. */

import { csrfToken } from "./csrf.js";

/**
 * Send a form. `answer` resolves, and never rejects, with one of: {ok: true, body} · {ok: false, message} (the server
 * said no) · {ok: false, lost: true} · {ok: false, cancelled: true}.
 */
export function post(address, form, onProgress = () => {}) {
  const request = new XMLHttpRequest();
  const answer = new Promise((resolve) => {
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => resolve(answerOf(request)));
    request.addEventListener("error", () => resolve({ ok: false, lost: true }));
    request.addEventListener("abort", () => resolve({ ok: false, cancelled: true }));
  });
  request.open("POST", address);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.send(form);
  return { answer, abort: () => request.abort() };
}

function answerOf(request) {
  const ok = request.status >= 200 && request.status < 300;
  try {
    const body = JSON.parse(request.responseText);
    return ok ? { ok, body } : { ok, message: body.error?.message ?? "" };
  } catch {
    return ok ? { ok, body: null } : { ok, message: "" };
  }
}
