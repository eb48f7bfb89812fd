// Numbers and times as people read them. Times are UTC, as in logs and runbooks.
import { el } from "./dom.js";

const NONE = "–";

/** A count with grouped digits, or a dash when it is unknown. */
export const count = (value) => (value === null || value === undefined ? NONE : value.toLocaleString("en-GB"));

/** Milliseconds, in a fitting unit. */
export function milliseconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value < 1000) return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)} ms`;
  return seconds(value / 1000);
}

/** Seconds, in a fitting unit. */
export function seconds(value) {
  if (value === null || value === undefined) return NONE;
  if (value < 10) return `${Number(value.toFixed(1))} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7200) return `${Math.round(value / 60)} min`;
  if (value < 172_800) return `${Math.round(value / 3600)} h`;
  return `${Math.round(value / 86_400)} days`;
}

/** A measure in a unit of the API: ms, seconds, ratio or count. */
export function measure(value, unit) {
  if (value === null || value === undefined) return NONE;
  if (unit === "ms") return milliseconds(value);
  if (unit === "seconds") return seconds(value);
  if (unit === "ratio") return `${Number((100 * value).toFixed(2))} %`;
  return count(value);
}

/** A time as an element, with the date unless it is today. */
export function time(text) {
  if (!text) return NONE;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return String(text);
  const [day, rest] = at.toISOString().split("T");
  const clock = rest.slice(0, 8);
  const today = new Date().toISOString().startsWith(day);
  return el("time", { datetime: at.toISOString() }, `${today ? "" : `${day} `}${clock} UTC`);
}

/** The time since something happened, in words. */
export const ago = (text, now = Date.now()) => `${seconds(Math.max(0, (now - new Date(text)) / 1000))} ago`;

/** A code as words, with spaces instead of underscores. */
export const words = (code) => String(code).replaceAll("_", " ");

/** The first eight characters of an id: enough to recognise it on a page. */
export const short = (id) => el("span", { class: "id", title: id }, String(id).slice(0, 8));
