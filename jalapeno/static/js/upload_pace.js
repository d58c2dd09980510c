/** How fast bytes go and when they will all be there, from the last few seconds. */

const WINDOW_MS = 5000;
const LEAST_MS = 800; // before this a speed would only jump

export class Pace {
  constructor(total, now = () => performance.now()) {
    this.total = total;
    this.now = now;
    this.notes = [];
    this.speed = 0; // bytes per second
  }

  /** Note how many bytes have gone (the form around the file counts a little too); the share of all, 0 to 1. */
  note(sent) {
    const at = this.now();
    this.notes.push([at, sent]);
    while (this.notes.length > 2 && at - this.notes[0][0] > WINDOW_MS) this.notes.shift();
    const [firstAt, firstSent] = this.notes[0];
    this.speed = at - firstAt >= LEAST_MS ? ((sent - firstSent) * 1000) / (at - firstAt) : 0;
    return Math.min(1, sent / Math.max(1, this.total));
  }

  /** Null while it can't be told. */
  secondsLeft() {
    if (this.speed <= 0) return null;
    const [, sent] = this.notes[this.notes.length - 1];
    return Math.max(0, this.total - sent) / this.speed;
  }
}
