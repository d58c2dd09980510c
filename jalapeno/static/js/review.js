/** Reviewing: quotes that play and light up, keys, the panel for forms, and answers that say no but show something. */

import { player } from "./player.js";
import { makeItem } from "./select.js";
import { forget, loadUntil, paint, rangeOf, reveal, textOf } from "./transcript.js";

const panel = document.getElementById("panel");
const columns = document.querySelector(".meeting-columns");
let active = null;
let backTo = null;

const items = () => [...document.querySelectorAll(".item")].filter((item) => item.offsetParent !== null);
const byId = (id) => document.getElementById(`item-${id}`);

function choose(item) {
  if (!item) return;
  active = item.dataset.item;
  for (const other of document.querySelectorAll(".item.is-active")) other.classList.remove("is-active");
  item.classList.add("is-active");
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = items();
  const here = all.findIndex((item) => item.dataset.item === active);
  choose(all[Math.min(Math.max(here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by, 0), all.length - 1)]);
}

/** Play a quote and light its words up; on a page without the transcript, follow the link. */
async function playQuote(quote) {
  const [start, end] = [Number(quote.dataset.start), Number(quote.dataset.end)];
  const item = quote.closest(".item");
  for (const other of document.querySelectorAll(".item-quote.is-playing")) other.classList.remove("is-playing");
  quote.classList.add("is-playing");
  player.play(start, end);
  await loadUntil(start);
  const passage = document.getElementById(`s-${quote.dataset.segment}`) ?? heardAt(start);
  const marks = [...(passage?.querySelectorAll(`mark[data-items~="${CSS.escape(item?.dataset.item ?? "")}"]`) ?? [])];
  for (const mark of document.querySelectorAll("mark.is-active")) mark.classList.remove("is-active");
  for (const mark of marks) mark.classList.add("is-active");
  if (passage && !marks.length) paint("quote", [rangeOf(textOf(passage), 0, textOf(passage).textContent.length)]);
  else paint("quote", []);
  if (passage?.offsetParent) reveal(passage);
}

/** The passage at a time: for a quote of an earlier transcript. */
function heardAt(ms) {
  return [...document.querySelectorAll(".passage")].findLast((passage) => Number(passage.dataset.start) <= ms) ?? null;
}

function clicked(event) {
  const play = event.target.closest("[data-play]");
  if (play && player.isThere && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    const quote = play.closest(".item-quote");
    if (quote) playQuote(quote);
    else player.play(Number(play.closest(".passage").dataset.start));
  }
  const opens = event.target.closest(".passage-tools, .moment");
  if (opens && panel && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    backTo = opens;
    window.htmx.ajax("GET", opens.getAttribute("href"), "#panel-body");
  }
  const item = event.target.closest(".item");
  if (item) active = item.dataset.item;
}

const KEYS = {
  " ": () => player.toggle(),
  j: () => step(1),
  k: () => step(-1),
  a: () => act("accept"),
  r: () => act("reject"),
  u: () => act("undo"),
  e: () => act("edit"),
  p: () => { const quote = active && byId(active)?.querySelector(".item-quote"); if (quote) playQuote(quote); },
  m: () => makeItem(),
  "?": () => document.getElementById("keys")?.showModal(),
};

function act(name) {
  const what = active && byId(active)?.querySelector(`[data-act="${name}"]`);
  if (what instanceof HTMLFormElement) what.requestSubmit();
  else what?.click();
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const presses = event.target.closest("button, a, summary") && [" ", "Enter"].includes(event.key);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (typing || presses || !(key in KEYS)) return;
  event.preventDefault();
  KEYS[key]();
}

/** What came back: the panel opens for a form and closes when its work is done, the focus returns to the item. */
function swapped(event) {
  const target = event.detail.target;
  if (target.id === "panel-body") {
    const full = target.children.length > 0;
    if (full && !panel.open) panel.showModal();
    if (!full && panel.open) panel.close();
    if (!full) forget();
    if (full) target.querySelector("textarea, input:not([type=hidden]), select, button")?.focus();
  }
  const id = target.dataset?.item ?? active;
  const item = id && byId(id);
  if (item && target.matches?.(".item")) {
    const field = item.matches(".is-editing") && item.querySelector("textarea");
    if (field) write(field);
    else choose(item);
  }
  for (const mark of document.querySelectorAll("mark[data-items]")) {
    const gone = mark.dataset.items.split(" ").every((one) => byId(one)?.dataset.review === "rejected");
    mark.classList.toggle("is-rejected", gone);
  }
}

function write(field) {
  field.focus();
  field.setSelectionRange?.(field.value.length, field.value.length);
}

function watchAnswers() {
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.getResponseHeader("X-Show-Answer")) {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
    }
  });
  document.body.addEventListener("htmx:afterSettle", swapped); // before it, a new element wears the classes of the old one
  panel?.addEventListener("close", () => {
    document.getElementById("panel-body").replaceChildren();
    paint("chosen", []);
    backTo?.focus();
    backTo = null;
  });
}

/** On narrow screens one part at a time; without script both stand below each other. */
function watchViews() {
  if (!columns) return;
  const tabs = [...document.querySelectorAll(".view-tabs a")];
  const show = (name) => {
    document.body.classList.add("has-views");
    document.body.classList.toggle("shows-review", name === "review");
    document.body.classList.toggle("shows-transcript", name === "transcript");
    for (const tab of tabs) {
      if (tab.hash === `#${name}`) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  };
  for (const tab of tabs) {
    tab.addEventListener("click", (event) => {
      event.preventDefault();
      show(tab.hash.slice(1));
    });
  }
  show(/^#(s-|transcript|speakers)/.test(location.hash) || !document.querySelector(".item") ? "transcript" : "review");
  if (location.hash.startsWith("#item-")) choose(document.getElementById(location.hash.slice(1)));
  else if (location.hash.length > 1) document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

document.addEventListener("click", clicked);
document.addEventListener("keydown", pressed);
watchAnswers();
watchViews();
