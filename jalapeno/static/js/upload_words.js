/** The texts of the upload page, translated by the server, and how numbers read in its language. */

export const words = document.getElementById("upload-words").dataset;

const language = document.documentElement.lang;
const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** A text with its {names} filled in. */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A number of bytes: 12.4 MB. */
export function size(bytes) {
  let power = 0;
  let amount = bytes;
  while (amount >= 999.5 && power < UNITS.length - 1) {
    amount /= 1000;
    power += 1;
  }
  const style = { style: "unit", unit: UNITS[power], maximumFractionDigits: amount < 100 && power > 0 ? 1 : 0 };
  return new Intl.NumberFormat(language, style).format(amount);
}

/** A share of one: 43 %. */
export function percent(share) {
  return new Intl.NumberFormat(language, { style: "percent" }).format(share);
}

/** Seconds as a rough wait: 40 s, 3 min. */
export function wait(seconds) {
  const whole = Math.max(1, Math.round(seconds));
  return whole < 90 ? filled(words.seconds, { n: whole }) : filled(words.minutes, { n: Math.round(whole / 60) });
}

/** A moment as day and minute. */
export function moment(iso) {
  return new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}
