// Small line charts of the numbers since the page was opened, each with a description in words.
import { el, svg } from "./dom.js";
import { measure } from "./format.js";

const WIDTH = 320;
const HEIGHT = 96;
const WINDOW_MS = 10 * 60_000;
const WINDOW_LEAST_MS = 60_000;
const TOP = 6;

/** Values over time: a point for each set of numbers. */
export class History {
  #points = [];

  add(at, values) {
    this.#points.push({ at, values });
    while (this.#points[0].at < at - WINDOW_MS) this.#points.shift();
  }

  /** The points of one value, with null when it was unknown. */
  of(name) {
    return this.#points.map(({ at, values }) => ({ at, value: values[name] ?? null }));
  }

  /** The time span of the chart, in whole minutes. */
  get windowMs() {
    const heard = Date.now() - (this.#points[0]?.at ?? Date.now());
    return Math.min(WINDOW_MS, Math.max(WINDOW_LEAST_MS, 60_000 * Math.ceil(heard / 60_000)));
  }
}

/** Return a chart of one or two values. `lines` are {name, label}; `limit` is drawn as a line across. */
export function chart({ title, unit, history, lines, limit = null, gapMs }) {
  const series = lines.map((line) => ({ ...line, points: history.of(line.name) }));
  const known = series.flatMap(({ points }) => points.map(({ value }) => value)).filter((value) => value !== null);
  const most = Math.max(1, ...known);
  // A limit far above all values would flatten the chart, so it is drawn only when it is near.
  const top = limit !== null && limit <= 4 * most ? Math.max(most, limit) : most;
  const now = Date.now();
  const { windowMs } = history;
  const span = `${windowMs / 60_000} min`;
  const x = (at) => Math.max(0, WIDTH * (1 - (now - at) / windowMs));
  const y = (value) => HEIGHT - (HEIGHT - TOP) * (value / (1.1 * top));
  const drawn = [
    svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT, y2: HEIGHT }),
    ...[0.25, 0.5, 0.75].map((part) => svg("line", { class: "grid", x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part })),
    ...(limit !== null && limit <= top ? [svg("line", { class: "limit", x1: 0, x2: WIDTH, y1: y(limit), y2: y(limit) })] : []),
    ...series.map(({ points }, index) => svg("path", { class: `line-${index + 1}`, d: path(points, x, y, gapMs) })),
    ...series.flatMap(({ points }, index) => lastDot(points, x, y, index)),
  ];
  const words = series.map((line) => inWords(line, unit)).join("; ");
  return el(
    "figure",
    { class: "chart" },
    el("figcaption", {}, el("h3", {}, title), el("p", { class: "legend" }, series.map((line, index) => legend(line, index, unit)))),
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT + 1}`, role: "img", "aria-label": `${title}, last ${span}: ${words}.` },
      ...drawn,
    ),
    el("p", { class: "scale" }, el("span", {}, `${span} ago`), el("span", {}, highest(known, unit, limit)), el("span", {}, "now")),
  );
}

function path(points, x, y, gapMs) {
  let before = null;
  let drawing = "";
  for (const { at, value } of points) {
    if (value === null) {
      before = null;
      continue;
    }
    const together = before !== null && at - before <= gapMs;
    drawing += `${together ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    before = at;
  }
  return drawing;
}

function lastDot(points, x, y, index) {
  const last = points.at(-1);
  if (!last || last.value === null) return [];
  return [svg("circle", { class: `dot-${index + 1}`, cx: Math.min(x(last.at), WIDTH - 3).toFixed(1), cy: y(last.value).toFixed(1), r: 3 })];
}

const latest = (points) => points.at(-1)?.value ?? null;

function legend({ label, points }, index, unit) {
  const mark = svg("svg", { class: "mark", viewBox: "0 0 18 6", "aria-hidden": "true" }, svg("path", { class: `line-${index + 1}`, d: "M0 3H18" }));
  return el("span", {}, mark, ` ${label} `, el("strong", {}, measure(latest(points), unit)));
}

function highest(known, unit, limit) {
  const most = known.length > 0 ? `highest ${measure(Math.max(...known), unit)}` : "no numbers yet";
  return limit === null ? most : `${most}, limit ${measure(limit, unit)}`;
}

function inWords({ label, points }, unit) {
  const known = points.map(({ value }) => value).filter((value) => value !== null);
  if (known.length === 0) return `${label} unknown`;
  return `${label} now ${measure(latest(points), unit)}, highest ${measure(Math.max(...known), unit)}`;
}
