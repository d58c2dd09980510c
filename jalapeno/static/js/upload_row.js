/** One file of the upload page: its line in the list, its way to the server, and what can go wrong on it. */

import { post } from "./upload_request.js";
import { Pace } from "./upload_pace.js";
import { filled, moment, percent, size, wait, words } from "./upload_words.js";

const template = document.getElementById("file-row");

/** state: refused (before sending) | chosen | queued | sending | failed | asks | sent */
export class FileRow {
  constructor(file, { form, textsFor, remove, changed }) {
    this.file = file;
    this.form = form;
    this.textsFor = textsFor;
    this.changed = changed;
    this.element = template.content.firstElementChild.cloneNode(true);
    this.part("name").textContent = file.name;
    this.part("size").textContent = size(file.size);
    this.part("title").value = titleOf(file.name);
    this.on("remove", () => remove(this));
    this.on("cancel", () => this.cancel());
    this.on("retry", () => this.again());
    this.on("keep", () => this.decide(`/uploads/${this.meeting.id}/keep`, words.kept));
    this.on("drop", () => this.decide(`/meetings/${this.meeting.id}/delete`, words.dropped, true));
    const wrong = file.size === 0 ? words.empty : file.size > Number(form.dataset.mostBytes) ? words.tooLarge : "";
    this.turn(wrong ? "refused" : "chosen", wrong);
  }

  part(name) {
    return this.element.querySelector(`[data-part="${name}"]`);
  }

  act(name) {
    return this.element.querySelector(`[data-act="${name}"]`);
  }

  on(name, handler) {
    this.act(name).addEventListener("click", handler);
  }

  /** Show a state; `error` is a whole sentence, or nothing. */
  turn(state, error = "") {
    this.state = state;
    const waits = state === "queued" || state === "sending";
    this.act("remove").hidden = !["chosen", "refused", "failed"].includes(state);
    this.act("cancel").hidden = !waits;
    this.act("retry").hidden = state !== "failed";
    this.part("title").closest("label").hidden = state !== "chosen" && state !== "failed";
    this.part("progress").hidden = ["chosen", "refused", "failed"].includes(state);
    this.element.classList.toggle("is-bad", state === "failed" || state === "refused");
    this.part("error").hidden = error === "";
    this.part("error-words").textContent = error;
    if (state === "queued") this.tell(words.waiting, 0);
  }

  tell(text, share) {
    this.part("state").textContent = text;
    if (share !== undefined) this.element.querySelector("progress").value = Math.round(share * 1000);
  }

  queue() {
    this.turn("queued");
  }

  again() {
    this.queue();
    this.changed();
  }

  cancel() {
    if (this.state === "sending") this.request.abort();
    else this.turn("failed", words.cancelled);
  }

  async send() {
    this.turn("sending");
    this.tell(words.starting, 0);
    const form = new FormData(); // texts first, so that the server reads them before the bytes
    for (const [name, value] of this.textsFor(this)) form.append(name, value);
    form.append("title", this.part("title").value);
    form.append("recording", this.file, this.file.name);
    const pace = new Pace(this.file.size);
    this.request = post(this.form.action, form, (sent) => this.progressed(pace, sent));
    const answer = await this.request.answer;
    if (answer.ok) this.arrived(answer.body);
    else this.turn("failed", answer.cancelled ? words.cancelled : answer.lost ? words.lost : answer.message || words.failed);
  }

  progressed(pace, sent) {
    const share = pace.note(sent);
    const left = pace.secondsLeft();
    if (share >= 1) this.tell(words.storing, 1);
    else if (left === null) this.tell(percent(share), share);
    else this.tell(filled(words.sending, { share: percent(share), speed: size(pace.speed), left: wait(left) }), share);
  }

  arrived(body) {
    this.meeting = body.meeting;
    this.part("open").href = body.meeting.url;
    this.part("open").hidden = false;
    if (body.earlier) {
      const link = this.part("earlier");
      link.href = body.earlier.url;
      link.textContent = `${body.earlier.title} (${moment(body.earlier.held_at)})`;
      this.part("same").hidden = false;
      this.tell(words.asks, 1);
      this.turn("asks");
      return;
    }
    this.turn("sent");
    this.tell(body.waits_until ? filled(words.later, { time: moment(body.waits_until) }) : words.done, 1);
  }

  /** Answer "you have this already": both buttons may be clicked twice, only the first click counts. */
  async decide(address, done, gone = false) {
    for (const name of ["keep", "drop"]) this.act(name).disabled = true;
    const answer = await post(address, new FormData()).answer;
    if (answer.ok) {
      this.part("same").hidden = true;
      this.part("open").hidden = gone;
      this.turn("sent");
      this.tell(done, 1);
      return;
    }
    for (const name of ["keep", "drop"]) this.act(name).disabled = false;
    this.turn("asks", answer.lost ? words.lost : answer.message || words.failed);
  }
}

/** A file's name as a title; the server makes the same of it when the field is left empty. */
function titleOf(name) {
  const stem = name.replace(/(.)\.[^.]*$/, "$1").replace(/_/g, " ").replace(/(?<!\d)-|-(?!\d)/g, " ");
  const title = stem.replace(/\s+/g, " ").trim().slice(0, 200);
  return title.charAt(0).toUpperCase() + title.slice(1);
}
