// The first view: the status, its reasons, and the numbers behind it.
import { chart } from "./charts.js";
import { announceState, byId, el, facts, fill, svg, table } from "./dom.js";
import { ago, count, measure, milliseconds, seconds, time, words } from "./format.js";
import { explain } from "./reasons.js";

const STATUS = {
  ok: { title: "All is well", mark: "M7 12.5l3.5 3.5L17 9" },
  degraded: { title: "Degraded", mark: "M12 7v6M12 16.5v.5" },
  down: { title: "Down", mark: "M8.5 8.5l7 7M15.5 8.5l-7 7" },
  unknown: { title: "Unknown", mark: "M8 12h8" },
};
const SAID = {
  degraded: "Rollcall works, but a person should look.",
  down: "The database is away. Batches are accepted and wait on the spool. No event is lost.",
  ok: "Nothing to do.",
  unknown: "Waiting for the first numbers.",
};

/** Show a health state, or the part that the token may see. `staleSince` is when it was last confirmed, if stale. */
export function showOverview(health, advice, history, gapMs, staleSince) {
  showStatus(health, staleSince);
  byId("overview").classList.toggle("stale", staleSince !== null);
  const whole = Boolean(health?.slos);
  for (const id of ["slos", "queues", "database", "upkeep", "flags", "charts", "transitions"]) byId(id).closest(".card").hidden = !whole;
  showAdvice(advice);
  if (!whole) return;
  showCharts(health, history, gapMs);
  showSlos(health.slos);
  showQueues(health);
  showDatabase(health);
  showUpkeep(health);
  showFlags(health);
}

const shape = (status) =>
  svg(
    "svg",
    { viewBox: "0 0 24 24", class: "shape", "aria-hidden": "true" },
    status === "degraded"
      ? svg("path", { d: "M12 2.5L22.5 21h-21z" })
      : svg("circle", { cx: 12, cy: 12, r: 10 }),
    svg("path", { class: "mark", d: (STATUS[status] ?? STATUS.unknown).mark }),
  );

function showStatus(health, staleSince) {
  const status = health?.status in STATUS ? health.status : "unknown";
  const node = byId("status");
  node.dataset.status = status;
  const reasons = health?.reasons ?? [];
  fill(
    node,
    shape(status),
    el(
      "div",
      {},
      el("p", { class: "word" }, STATUS[status].title),
      el("p", {}, staleSince === null ? SAID[status] : ["Last known state, from ", time(new Date(staleSince).toISOString()), ". No newer numbers arrived."]),
      health?.since && el("p", { class: "hint" }, "Since ", time(health.since), ` · ${health.environment} · ${health.region} · version ${health.version}`),
      reasons.length > 0 && el("ul", { class: "reasons", "aria-label": "Reasons" }, reasons.map(reason)),
    ),
  );
  document.title = `${status === "ok" || status === "unknown" ? "" : `${STATUS[status].title} · `}Rollcall operations`;
  if (status !== "unknown") announceState("status", `Status: ${STATUS[status].title}. ${reasons.map((code) => explain(code).what).join(" ")}`);
}

function reason(code) {
  const { what, todo, runbook } = explain(code);
  return el("li", {}, el("strong", {}, what), " ", el("code", {}, code), el("span", { class: "todo" }, `${todo} Runbook: `, el("code", {}, runbook)));
}

function showCharts(health, history, gapMs) {
  const limit = (name, factor = 1) => (health.slos[name] ? factor * health.slos[name].threshold : null);
  fill(
    byId("charts"),
    chart({
      title: "Ingest lag",
      unit: "ms",
      history,
      gapMs,
      limit: limit("progress_lag", 1000),
      lines: [{ name: "progress", label: "progress" }, { name: "analytics", label: "analytics" }],
    }),
    chart({ title: "Events a minute", unit: "count", history, gapMs, lines: [{ name: "throughput", label: "of this token's organisations" }] }),
    chart({ title: "Database latency", unit: "ms", history, gapMs, limit: limit("database_latency_p95"), lines: [{ name: "p95", label: "P95" }, { name: "p50", label: "P50" }] }),
    chart({ title: "Waiting for the database", unit: "count", history, gapMs, limit: limit("spool_backlog"), lines: [{ name: "backlog", label: "batches" }] }),
  );
}

function showSlos(slos) {
  const columns = [
    { label: "Objective", cell: ([name]) => words(name) },
    { label: "Now", kind: "number", cell: ([, slo]) => measure(slo.value, slo.unit) },
    { label: "At most", kind: "number", cell: ([, slo]) => measure(slo.threshold, slo.unit) },
    { label: "State", cell: ([, slo]) => slo.value === null || slo.value === undefined ? badge("idle", "not measured") : badge(slo.is_violated ? "bad" : "ok", slo.is_violated ? "violated" : "met") },
  ];
  fill(byId("slos"), table("Objectives and measured values", columns, Object.entries(slos)));
}

/** A word with a mark, so that the meaning does not depend on colour. */
export function badge(kind, text) {
  const mark = { ok: "✓", bad: "✕", warn: "!", idle: "–", busy: "…" }[kind];
  return el("span", { class: `badge ${kind}` }, el("span", { "aria-hidden": "true" }, `${mark} `), text);
}

function showQueues(health) {
  const columns = [
    { label: "Queue", cell: ([name]) => words(name) },
    { label: "Waiting", kind: "number", cell: ([, queue]) => count(queue.depth?.waiting_count) },
    { label: "In flight", kind: "number", cell: ([, queue]) => count(queue.depth?.in_flight_count) },
    { label: "Oldest", kind: "number", cell: ([, queue]) => seconds(queue.oldest_age_seconds) },
    { label: "Dead letters", kind: "number", cell: ([, queue]) => count(queue.dead_letter_count) },
  ];
  const offline = health.offlineQueue ?? {};
  fill(
    byId("queues"),
    table("Queues", columns, Object.entries(health.queues ?? {})),
    facts([["Spooled batches", count(offline.backlog)], ["Pending assignments", count(offline.pendingAssignments)]]),
  );
}

function showAdvice(advice) {
  if (!advice) return fill(byId("advice"), el("p", { class: "none" }, "No advice yet."));
  const paused = advice.pause_until && new Date(advice.pause_until) > new Date();
  fill(
    byId("advice"),
    facts([
      ["Wait between flushes", milliseconds(advice.flush_interval_ms)],
      ["Most events in a batch", count(advice.batch_size)],
      ["Pause", paused ? el("span", {}, "until ", time(advice.pause_until)) : "none"],
    ]),
  );
}

function showDatabase({ database = {}, orgEnforcement }) {
  fill(
    byId("database"),
    facts([
      ["Reachable", database.is_reachable ? badge("ok", "yes") : badge("bad", "no")],
      ["Latency P50 / P95", `${milliseconds(database.latency_p50_ms)} / ${milliseconds(database.latency_p95_ms)}`],
      ["Connections", `${count(database.connection_count)} of ${count(database.connection_limit)}`],
      ["Row-level security", enforcement(orgEnforcement)],
    ]),
  );
}

function enforcement(kept) {
  if (!kept) return "–";
  if (kept.is_enforced) return badge("ok", `yes, in ${kept.table_count} tables`);
  return [badge("bad", "no"), ` ${kept.gaps.join(", ")}`];
}

const KINDS = { ok: "ok", succeeded: "ok", running: "busy", waiting: "idle", failed: "bad", missed: "bad" };

/** The status of a job or of a run, as a badge. */
export const jobBadge = (status) => badge(KINDS[status] ?? "idle", status);

function showUpkeep({ rollup_lag_seconds: lag, retention, restore_drill: drill, jobs = {} }) {
  const ended = (run) => (run ? [jobBadge(run.status), run.ended_at ? [" ", time(run.ended_at)] : ""] : "–");
  const wrong = Object.entries(jobs).filter(([, job]) => KINDS[job.status] === "bad");
  const all = Object.keys(jobs).length;
  const state = wrong.length === 0 ? badge("ok", `all ${all} well`) : [badge("bad", `${wrong.length} of ${all}`), ` ${wrong.map(([name]) => words(name)).join(", ")}`];
  fill(
    byId("upkeep"),
    facts([
      ["Rollup lag", seconds(lag)],
      ["Retention", el("span", {}, ended(retention))],
      ["Restore drill", el("span", {}, ended(drill))],
      ["Jobs", el("span", {}, all === 0 ? "–" : state)],
    ]),
  );
}

function showFlags({ flags = {}, regions = {} }) {
  const places = Object.entries(regions).map(([name, region]) => [`Region ${name}`, el("span", {}, region.status, " ", time(region.measured_at))]);
  const switches = Object.entries(flags).map(([name, value]) => [words(name), String(value)]);
  fill(byId("flags"), switches.length + places.length > 0 ? facts([...switches, ...places]) : el("p", { class: "none" }, "No flags are set."));
}

/** Show changes of status, newest first. */
export function showTransitions(transitions) {
  const rows = transitions.map(({ at, status, previous, reasons }) =>
    el("li", {}, badge({ ok: "ok", degraded: "warn", down: "bad" }[status] ?? "idle", `${previous} → ${status}`), " ", time(at), ` (${ago(at)}) `, reasons.map((code) => el("code", {}, code))),
  );
  fill(byId("transitions"), rows.length > 0 ? el("ol", { class: "plain" }, rows) : el("p", { class: "none" }, "No changes yet."));
}
