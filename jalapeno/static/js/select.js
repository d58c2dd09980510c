/**
 * Words selected in the transcript become an action item: by mouse, finger, or Shift and the arrow keys in a passage.
 * Only places travel; the server takes the words from its own transcript.
 */

import { offsetIn, paint, textOf } from "./transcript.js";

const list = document.getElementById("passages");
const bar = document.getElementById("selection-bar");
const WAIT_MS = 150;
let timer = 0;

function points(text, units) { return [...text.slice(0, units)].length; } // the server counts code points

/** The selection as places, or null: first and last passage, first and last character. */
function chosen() {
  const selection = getSelection();
  if (!selection.rangeCount || selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const touched = [...list.querySelectorAll(".passage")].filter((passage) => range.intersectsNode(textOf(passage)));
  const inside = touched.filter((passage) => words(passage, range).trim());
  if (!inside.length) return null;
  const [first, last] = [inside[0], inside.at(-1)];
  return {
    first_segment: first.id.slice(2),
    last_segment: last.id.slice(2),
    start_char: begin(textOf(first), range),
    end_char: end(textOf(last), range),
  };
}

function words(passage, range) {
  const whole = document.createRange();
  whole.selectNodeContents(textOf(passage));
  if (range.compareBoundaryPoints(Range.START_TO_START, whole) > 0) whole.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, whole) < 0) whole.setEnd(range.endContainer, range.endOffset);
  return whole.toString();
}

function begin(text, range) {
  return text.contains(range.startContainer)
    ? points(text.textContent, offsetIn(text, range.startContainer, range.startOffset)) : 0;
}

function end(text, range) {
  return points(text.textContent, text.contains(range.endContainer)
    ? offsetIn(text, range.endContainer, range.endOffset) : text.textContent.length);
}

function show() {
  const places = chosen();
  bar.hidden = places === null;
  if (places === null) return;
  const box = getSelection().getRangeAt(0).getBoundingClientRect();
  const width = bar.offsetWidth;
  const left = Math.min(Math.max(8, box.left), document.documentElement.clientWidth - width - 8);
  const under = box.bottom + 8 + bar.offsetHeight < innerHeight;
  bar.style.transform = `translate(${left + scrollX}px, ${(under ? box.bottom + 8 : box.top - 8 - bar.offsetHeight) + scrollY}px)`;
}

export function makeItem() {
  const places = chosen();
  if (!places) return false;
  paint("chosen", [getSelection().getRangeAt(0).cloneRange()]);
  bar.hidden = true;
  window.htmx.ajax("GET", `${list.dataset.base}/items/new?${new URLSearchParams(places)}`, "#panel-body");
  return true;
}

/** Shift and arrows select words in a passage that has the focus: it is no text field, so browsers leave this to us. */
function byKeys(event) {
  const text = event.target.closest?.(".passage-text");
  if (!text) return;
  const selection = getSelection();
  const moves = { ArrowRight: ["right", "word"], ArrowLeft: ["left", "word"], ArrowDown: ["forward", "line"], ArrowUp: ["backward", "line"] };
  if (event.shiftKey && event.key in moves) {
    if (!selection.rangeCount || !text.contains(selection.anchorNode)) selection.collapse(text, 0);
    selection.modify("extend", ...moves[event.key]);
    event.preventDefault();
  } else if (event.key === "Enter" && !selection.isCollapsed) {
    if (makeItem()) event.preventDefault();
  } else if (event.key === "Escape") {
    selection.removeAllRanges();
  }
}

if (list && bar) {
  document.addEventListener("selectionchange", () => {
    clearTimeout(timer);
    timer = setTimeout(show, WAIT_MS);
  });
  addEventListener("scroll", () => { if (!bar.hidden) show(); }, { passive: true });
  list.addEventListener("keydown", byKeys);
  bar.querySelector("[data-make-item]").addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the selection
  bar.querySelector("[data-make-item]").addEventListener("click", makeItem);
}
