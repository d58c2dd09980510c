/**
 * The upload page with script: several files, drag and drop, progress, cancel, try again. Files go one after another
 * by the same form fields that the form itself would send.
 */

import { FileRow } from "./upload_row.js";
import { words } from "./upload_words.js";

const form = document.getElementById("upload");
const list = document.getElementById("files");
const drop = document.getElementById("drop");
const picker = document.getElementById("f-recording");
const send = document.getElementById("send");
const say = document.getElementById("say");
const held = form.elements.held_at;
const eachDate = document.getElementById("each-date");

const rows = [];
let heldByHand = form.dataset.untouched === "no";
let running = false;

function enhance() {
  form.prepend(document.getElementById("recordings")); // with script the file comes first: its name and time fill the rest
  document.getElementById("one-title").hidden = true; // each file has a title of its own
  form.elements.title.disabled = true;
  form.classList.add("is-enhanced");
  drop.querySelector(".drop-one").hidden = true;
  drop.querySelector(".drop-many").hidden = false;
  picker.multiple = true;
  picker.required = false;
  chooseZone();
  held.addEventListener("input", () => { heldByHand = true; refresh(); });
  picker.addEventListener("change", () => { add(picker.files); picker.value = ""; });
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, dragged);
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => drop.classList.remove("is-over"));
  form.addEventListener("drop", (event) => { event.preventDefault(); add(event.dataTransfer.files); });
  form.addEventListener("submit", (event) => { event.preventDefault(); start(); });
  window.addEventListener("beforeunload", (event) => { if (running) event.preventDefault(); });
  if (picker.files.length > 0) { // chosen before this module was there
    add(picker.files);
    picker.value = "";
  }
}

/** The browser's own zone, unless the person has seen this form before and chose. */
function chooseZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const choice = [...form.elements.time_zone.options].find((option) => option.value === zone);
  if (choice && form.dataset.untouched === "yes") {
    choice.selected = true;
    held.value = localMinute(new Date());
  }
}

function dragged(event) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  drop.classList.add("is-over");
}

function add(files) {
  for (const file of files) {
    const row = new FileRow(file, { form, textsFor, remove, changed: run });
    rows.push(row);
    list.append(row.element);
  }
  refresh();
  if (!heldByHand && rows.length > 0) held.value = localMinute(new Date(rows[0].file.lastModified));
  say.textContent = "";
}

function remove(row) {
  rows.splice(rows.indexOf(row), 1);
  row.element.remove();
  refresh();
  picker.focus();
}

function refresh() {
  list.hidden = rows.length === 0;
  eachDate.hidden = rows.length < 2 || heldByHand;
}

function start() {
  const ready = rows.filter((row) => row.state === "chosen" || row.state === "failed");
  if (ready.length === 0) {
    say.textContent = words.choose;
    picker.focus();
    return;
  }
  for (const row of ready) row.queue();
  say.textContent = "";
  run();
}

/** The form's texts for one file, as they are when it is sent. */
function textsFor(row) {
  const texts = new Map(new FormData(form));
  for (const name of ["recording", "title"]) texts.delete(name);
  if (!heldByHand && rows.length > 1) texts.set("held_at", localMinute(new Date(row.file.lastModified)));
  return texts;
}

/** One file at a time: two would only share the same line. */
async function run() {
  if (running) return;
  running = true;
  send.disabled = true;
  let row = next();
  while (row) {
    await row.send(); // eslint-disable-line no-await-in-loop -- in turn is the point
    row = next();
  }
  running = false;
  send.disabled = false;
  if (rows.length > 0 && rows.every((each) => each.state === "sent")) say.textContent = words.allDone;
}

function next() {
  return rows.find((row) => row.state === "queued");
}

/** A moment as a datetime-local field writes it, in the browser's zone. */
function localMinute(moment) {
  const shifted = new Date(moment.getTime() - moment.getTimezoneOffset() * 60000);
  return shifted.toISOString().slice(0, 16);
}

enhance();
