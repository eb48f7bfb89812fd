// Every job, and the active alerts.
import { problemBox } from "./api.js";
import { byId, el, fill, table } from "./dom.js";
import { count, milliseconds, time, words } from "./format.js";
import { badge, jobBadge } from "./overview.js";

/** Load and show the overview of jobs. If loading fails, the old overview stays. */
export async function showJobs(api, session) {
  const lacking = session.lacks("admin:read");
  if (lacking) return fill(byId("jobs-problem"), el("p", { class: "why" }, lacking));
  try {
    const overview = await api.get("api/jobs/overview");
    fill(byId("jobs-problem"));
    showAlerts(overview.alerts);
    showTable(overview);
  } catch (problem) {
    fill(byId("jobs-problem"), problemBox(problem));
  }
}

function showAlerts(alerts) {
  const rows = alerts.map((alert) =>
    el("li", {}, badge(alert.severity === "page" ? "bad" : "warn", alert.severity), " ", el("strong", {}, words(alert.name)), " since ", time(alert.raised_at), el("p", {}, alert.detail)),
  );
  fill(byId("alerts"), rows.length > 0 ? el("ul", { class: "plain" }, rows) : el("p", { class: "none" }, "No alert is active."));
}

function showTable({ jobs, run_count: runs, failed_count: failed, window_seconds: window }) {
  const columns = [
    { label: "Job", cell: (job) => words(job.job) },
    { label: "Status", cell: (job) => jobBadge(job.status) },
    { label: "Schedule", cell: (job) => el("code", {}, job.schedule) },
    { label: "Last run", cell: (job) => (job.last_run ? [time(job.last_run.started_at), job.last_run.error_code && [" ", el("code", {}, job.last_run.error_code)]] : "–") },
    { label: "Next", cell: (job) => time(job.next_expected_at) },
    { label: "Runs", kind: "number", cell: (job) => count(job.run_count) },
    { label: "Failed", kind: "number", cell: (job) => count(job.failed_count) },
    { label: "P95", kind: "number", cell: (job) => milliseconds(job.duration_p95_ms) },
  ];
  fill(
    byId("jobs-table"),
    el("p", { class: "hint" }, `${count(runs)} runs within ${Math.round(window / 3600)} h, ${count(failed)} failed.`),
    table("Jobs and their runs", columns, jobs),
  );
}
