/**
 * The player: one <audio> element, its outline, and playing a stretch of it. Other modules listen to "time" and
 * "state" on `player`. Without this module the browser's own controls stand in its place.
 */

const root = document.getElementById("player");
const audio = root?.querySelector("audio") ?? null;

class Player extends EventTarget {
  #stopAt = null;
  #frame = 0;

  constructor() {
    super();
    if (!audio) return;
    audio.addEventListener("play", () => this.#state());
    audio.addEventListener("pause", () => this.#state());
    audio.addEventListener("seeked", () => this.#tell());
    audio.addEventListener("loadedmetadata", () => this.#tell());
    audio.addEventListener("error", () => this.#broken());
  }

  get isThere() { return audio !== null; }
  get isPlaying() { return audio !== null && !audio.paused; }
  get ms() { return audio ? Math.round(audio.currentTime * 1000) : 0; }

  /** Play from one media offset, up to another when it is given; both in milliseconds. */
  async play(startMs = null, endMs = null) {
    if (!audio) return;
    if (startMs !== null) audio.currentTime = startMs / 1000;
    this.#stopAt = endMs;
    try {
      await audio.play();
    } catch {
      // The browser wants a gesture first, or the recording can't be played: its own event says so.
    }
  }

  pause() { audio?.pause(); }
  toggle() { if (this.isPlaying) this.pause(); else this.play(); }

  seek(ms) {
    if (!audio) return;
    this.#stopAt = null;
    audio.currentTime = ms / 1000;
  }

  set speed(rate) { if (audio) audio.playbackRate = rate; }

  #state() {
    if (this.isPlaying) this.#watch();
    this.dispatchEvent(new Event("state"));
    this.#tell();
  }

  #watch() {
    cancelAnimationFrame(this.#frame);
    const look = () => {
      if (!this.isPlaying) return;
      if (this.#stopAt !== null && this.ms >= this.#stopAt) {
        this.#stopAt = null;
        audio.pause();
        return;
      }
      this.#tell();
      this.#frame = requestAnimationFrame(look);
    };
    look();
  }

  #tell() { this.dispatchEvent(new Event("time")); }

  #broken() {
    root.classList.remove("is-scripted"); // the browser's own controls say what it can't play
    root.querySelector(".player-bar").hidden = true;
  }
}

export const player = new Player();

function clock(ms) {
  const seconds = Math.floor(ms / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return (h ? `${h}:${String(m).padStart(2, "0")}` : `${m}`) + `:${String(s).padStart(2, "0")}`;
}

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Draws the outline from the peaks the server made: the recording is never decoded here. */
async function draw() {
  const answer = await fetch(`${root.dataset.base}/peaks`, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const { peaks, duration_ms: length } = await answer.json();
  const { default: WaveSurfer } = await import("../vendor/wavesurfer.esm.js");
  const wave = WaveSurfer.create({
    container: root.querySelector(".player-wave"),
    media: audio,
    peaks: [Float32Array.from(peaks, (peak) => peak / 127)],
    duration: length / 1000,
    height: "auto",
    barWidth: 2,
    barGap: 1,
    barRadius: 1,
    normalize: true,
    cursorWidth: 2,
    waveColor: color("--line-strong"),
    progressColor: color("--accent"),
    cursorColor: color("--ink"),
    cspNonce: root.dataset.nonce,
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
    wave.setOptions({
      waveColor: color("--line-strong"), progressColor: color("--accent"), cursorColor: color("--ink"),
    }));
}

function setUp() {
  const bar = root.querySelector(".player-bar");
  const button = root.querySelector(".player-play");
  const time = root.querySelector(".player-time");
  let shown = "";
  const write = () => {
    const words = `${clock(player.ms)} / ${clock(audio.duration * 1000 || Number(root.dataset.length))}`;
    if (words !== shown) time.textContent = shown = words;
  };
  bar.hidden = false;
  root.classList.add("is-scripted");
  button.addEventListener("click", () => player.toggle());
  player.addEventListener("time", write);
  player.addEventListener("state", () => {
    button.classList.toggle("is-playing", player.isPlaying);
    button.setAttribute("aria-label", player.isPlaying ? button.dataset.pauseLabel : button.dataset.playLabel);
  });
  const speed = root.querySelector(".player-speed");
  speed.addEventListener("change", () => { player.speed = Number(speed.value); });
  player.speed = Number(speed.value);
  write();
  if (Number(root.dataset.length)) draw().catch(() => {}); // without its outline the player still plays
}

if (root) setUp();
