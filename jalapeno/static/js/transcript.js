/**
 * The transcript follows the sound: the passage and the word that are heard are lit, and a click on a word plays it.
 * Words are not elements: a page of 20,000 words stays text, and a range of it is painted (CSS custom highlights).
 */

import { player } from "./player.js";

const list = document.getElementById("passages");
const known = new Map(); // segment id -> [{ start, end, from, to }]: times in ms, places in UTF-16 units of its text
const asked = new Map(); // first ordinal of a stretch -> the promise of its words
const STRETCH = 100;
const paints = "highlights" in CSS;
let rows = [];
let current = null;
let follows = true;
let loading = null;
let triesAgainAt = 0;

export function textOf(passage) { return passage.querySelector(".passage-text"); }

/** The range of characters from..to (UTF-16 units) of an element's text. */
export function rangeOf(element, from, to) {
  const range = document.createRange();
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  let before = 0;
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.data.length;
    if (!begun && from < before + length) { range.setStart(node, from - before); begun = true; }
    if (begun && to <= before + length) { range.setEnd(node, to - before); return range; }
    before += length;
  }
  return null;
}

/** Where in an element's text a point of the document is, in UTF-16 units. */
export function offsetIn(element, node, offset) {
  const range = document.createRange();
  range.selectNodeContents(element);
  range.setEnd(node, offset);
  return range.toString().length;
}

export function paint(name, ranges) {
  if (!paints) return;
  if (ranges.length) CSS.highlights.set(name, new Highlight(...ranges));
  else CSS.highlights.delete(name);
}

/** The words of a passage with their times; asked for once for a hundred passages. */
async function wordsOf(passage) {
  const id = passage.id.slice(2);
  if (known.has(id)) return known.get(id);
  const first = Math.floor(Number(passage.dataset.n) / STRETCH) * STRETCH;
  if (!asked.has(first)) {
    const answer = fetch(`${list.dataset.base}/words?first=${first}`, { headers: { Accept: "application/json" } });
    asked.set(first, answer.then((reply) => (reply.ok ? reply.json() : {})).catch(() => ({})));
  }
  const rows = (await asked.get(first))[id];
  if (!rows) {
    asked.delete(first);
    return [];
  }
  known.set(id, placed(textOf(passage).textContent, rows));
  return known.get(id);
}

function placed(text, rows) {
  let at = 0;
  return rows.map(([start, end, word]) => {
    const from = Math.max(text.indexOf(word, at), at);
    at = from + word.length;
    return { start, end, from, to: at };
  });
}

/** A passage was changed: its words are asked for again. */
export function forget() {
  known.clear();
  asked.clear();
  look();
}

function look() {
  rows = [...list.querySelectorAll(".passage")].map((element) => ({ element, start: Number(element.dataset.start), end: Number(element.dataset.end) }));
}

function at(ms) {
  let [low, high] = [0, rows.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (rows[middle].start <= ms) low = middle; else high = middle - 1;
  }
  return rows[low] && rows[low].start <= ms ? rows[low].element : null;
}

async function show() {
  if (!player.isPlaying && player.ms === 0) return; // nothing was heard yet
  if (isBeyond(player.ms)) {
    loadUntil(player.ms);
    return;
  }
  const passage = at(player.ms);
  if (passage !== current) {
    current?.classList.remove("is-current");
    passage?.classList.add("is-current");
    current = passage;
    if (passage && player.isPlaying && follows) reveal(passage);
  }
  if (!passage) return;
  const words = await wordsOf(passage);
  const ms = player.ms;
  const word = words.findLast((one) => one.start <= ms);
  const range = word && ms <= word.end + 400 ? rangeOf(textOf(passage), word.from, word.to) : null;
  paint("current-word", range ? [range] : []);
}

/** Bring an element into view: gliding when it is near, at once when it is far (what lies between is not laid out). */
export function reveal(element) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const far = Math.abs(element.getBoundingClientRect().top) > 2 * innerHeight;
  element.scrollIntoView({ block: "center", behavior: calm || far ? "instant" : "smooth" });
  if (far) requestAnimationFrame(() => element.scrollIntoView({ block: "center", behavior: "instant" }));
}

/** Whether a media offset is behind the passages that are on the page, and more of them can be had. */
function isBeyond(ms) {
  return list?.querySelector(".more") != null && (rows.length === 0 || rows.at(-1).end < ms);
}

/** Load the passages up to a media offset, when they are not on the page yet. */
export async function loadUntil(ms) {
  while (loading) await loading;
  if (!isBeyond(ms) || performance.now() < triesAgainAt) return;
  triesAgainAt = performance.now() + 3000; // whoever plays on asks for each frame: a failure is not asked for again at once
  loading = load(ms).catch(() => {}).finally(() => { loading = null; });
  await loading;
}

async function load(ms) {
  const more = list.querySelector(".more");
  const place = more.cloneNode(true); // without the trigger that waits for it to come into view
  for (const name of ["hx-get", "hx-trigger", "hx-swap"]) place.removeAttribute(name);
  more.replaceWith(place);
  await window.htmx.ajax("GET", `${place.dataset.more}&until_ms=${ms + 1}`, { target: place, swap: "outerHTML settle:0ms" });
  look();
  if (!place.isConnected) triesAgainAt = 0;
}

function caret(x, y) {
  if (document.caretPositionFromPoint) {
    const place = document.caretPositionFromPoint(x, y);
    return place && { node: place.offsetNode, offset: place.offset };
  }
  const range = document.caretRangeFromPoint?.(x, y);
  return range && { node: range.startContainer, offset: range.startOffset };
}

async function clicked(event) {
  const text = event.target.closest(".passage-text");
  if (!text || !player.isThere || !getSelection().isCollapsed) return;
  const place = caret(event.clientX, event.clientY);
  if (!place || !text.contains(place.node)) return;
  const offset = offsetIn(text, place.node, place.offset);
  const word = (await wordsOf(text.closest(".passage"))).find((one) => offset < one.to);
  if (word && getSelection().isCollapsed) player.seek(word.start);
}

function follow(on) {
  follows = on;
  document.querySelector(".player-follow")?.setAttribute("aria-pressed", String(on));
}

function watchReader() {
  for (const kind of ["wheel", "touchmove"]) {
    addEventListener(kind, () => { if (player.isPlaying) follow(false); }, { passive: true });
  }
  document.querySelector(".player-follow")?.addEventListener("click", () => {
    follow(!follows);
    if (follows && current) reveal(current);
  });
}

if (list) {
  look();
  watchReader();
  list.addEventListener("click", clicked);
  player.addEventListener("time", show);
  document.body.addEventListener("htmx:afterSettle", look);
}
