/** Short words about what just happened, shown at the foot of the page and read out politely. */

const SHOWN_FOR_MS = 6000;
const shelf = document.getElementById("toasts");

/** What to say when the server can't be reached, in the page's language. */
export const LOST = shelf.dataset.lost;

/** Show `message`; kind "bad" stays until it is closed, others leave by themselves or when the next one comes. */
export function toast(message, kind = "good") {
  for (const older of shelf.querySelectorAll(".toast:not(.is-bad)")) older.remove(); // a pile would cover what one works on
  const box = document.createElement("div");
  box.className = `toast is-${kind}`;
  const words = document.createElement("span");
  words.textContent = message;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "×";
  close.setAttribute("aria-label", shelf.dataset.close);
  close.addEventListener("click", () => box.remove());
  box.append(words, close);
  shelf.append(box);
  if (kind !== "bad") setTimeout(() => box.remove(), SHOWN_FOR_MS);
}
