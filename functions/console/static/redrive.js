// Redrive: first a dry run, then the messages go back on their queue.
import { isPassing, problemBox } from "./api.js";
import { chooseSelection, chosen, reasonField } from "./choosing.js";
import { openDialog } from "./dialog.js";
import { el, fill, replace, table, announce } from "./dom.js";
import { count, short, words } from "./format.js";
import { badge } from "./overview.js";

const PATH = "api/admin/dead-letters/redrive";
const POLL_MS = 700;
const SETTLE_MS = 90_000; // how long to wait until redriven messages are stored
const AGAIN_SECONDS = 3;
const RESULTS_SHOWN = 200;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Open the dialog for a redrive. `keep` gets the id of a running redrive, and null when it has ended. Until then
 * `watchRedrive` can open it again.
 */
export function openRedrive({ api, orgId, choices, closed, keep }) {
  const watch = { open: true, changed: false };
  const form = el(
    "form",
    { id: "redrive-form" },
    chooseSelection(choices),
    reasonField(),
    el("label", { for: "rate" }, "Messages a second, at most"),
    el("input", { id: "rate", name: "rate", type: "number", min: 0.01, max: 10000, step: "any", value: 50, required: true }),
    el("div", { class: "tools" }, el("button", { type: "submit", class: "primary" }, "Dry run")),
  );
  const outcome = el("div", { id: "redrive-outcome" });
  const order = (dryRun) => ({
    org_id: orgId,
    selection: chosen(form, choices),
    reason: form.elements.reason.value,
    dry_run: dryRun,
    rate_per_second: Number(form.elements.rate.value),
  });
  const run = async (dryRun) => {
    const asked = order(dryRun); // read before the fields are disabled: disabled fields have no value
    setBusy(form, true);
    try {
      fill(outcome, el("p", {}, "Asking…"));
      watch.changed ||= !dryRun;
      const { operation_id: id } = await api.post(PATH, asked);
      if (!dryRun) keep(id);
      const report = await follow({ api, orgId, outcome, watch, id, dryRun });
      if (report && !dryRun) keep(null);
      if (report && dryRun) offer(outcome, report, () => run(false));
    } catch (problem) {
      fill(outcome, problemBox(problem));
    } finally {
      setBusy(form, false);
    }
  };
  form.addEventListener("submit", (event) => (event.preventDefault(), run(true)));
  form.addEventListener("input", () => replace(outcome)); // the dry run no longer matches the form
  openDialog("Redrive", [form, outcome], () => {
    watch.open = false;
    if (watch.changed) closed();
  });
}

/** Open the dialog of a running redrive, to watch or cancel it. */
export async function watchRedrive({ api, orgId, id, closed, keep }) {
  const watch = { open: true };
  const outcome = el("div", { id: "redrive-outcome" }, el("p", {}, "Asking…"));
  openDialog("Redrive", outcome, () => {
    watch.open = false;
    closed();
  });
  try {
    if (await follow({ api, orgId, outcome, watch, id, dryRun: false })) keep(null);
  } catch (problem) {
    keep(null); // its state cannot be read any more
    fill(outcome, problemBox(problem));
  }
}

function setBusy(form, busy) {
  for (const field of form.elements) field.disabled = busy;
}

function offer(outcome, { redrive, messages }, go) {
  const many = messages.redriven || (redrive.counts.redriven ?? 0);
  if (redrive.state !== "done" || many === 0) return;
  const button = el("button", { type: "button", class: "primary", id: "redrive-now", onclick: go }, `Redrive ${count(many)} now`);
  outcome.append(el("div", { class: "tools" }, button));
  button.focus();
}

/** Show a redrive's progress until it is settled. Return its last report, or null when the dialog was closed. */
async function follow({ api, orgId, outcome, watch, id, dryRun }) {
  let settledBy = Infinity;
  while (watch.open) {
    const report = await patiently(watch, () => api.get(`${PATH}/${id}`, { org_id: orgId, limit: RESULTS_SHOWN }));
    if (report === null) return null;
    showReport(outcome, report, dryRun, () => cancel(api, id, orgId, outcome));
    if (isFinished(report)) settledBy = Math.min(settledBy, Date.now() + SETTLE_MS);
    if (isSettled(report, dryRun) || Date.now() >= settledBy) return report;
    await pause(POLL_MS);
  }
  return null;
}

/** Ask until there is an answer: the redrive continues even while its state cannot be read. */
async function patiently(watch, ask) {
  while (watch.open) {
    try {
      return await ask();
    } catch (problem) {
      if (!isPassing(problem)) throw problem;
      await pause(1000 * (problem.retryAfterSeconds ?? AGAIN_SECONDS));
    }
  }
  return null;
}

const isFinished = ({ redrive }) => !["queued", "running"].includes(redrive.state);

function isSettled(report, dryRun) {
  const { redriven, resolved, open_again: again } = report.messages;
  return isFinished(report) && (dryRun || resolved + again >= redriven);
}

async function cancel(api, id, orgId, outcome) {
  try {
    await api.post(`${PATH}/${id}/cancel`, undefined, { org_id: orgId });
    announce("Cancelled. The current part is finished first.");
  } catch (problem) {
    outcome.append(problemBox(problem));
  }
}

function showReport(outcome, report, dryRun, onCancel) {
  const { redrive, messages, results } = report;
  const finished = isFinished(report);
  const bar = el("progress", { max: 1, value: redrive.progress, "aria-label": "Progress" });
  const sentence = dryRun ? rehearsed(redrive) : done(redrive, messages);
  const parts = [
    el("h3", {}, dryRun ? "Dry run" : "Redrive"),
    el("p", { class: "sentence" }, badge(finished ? { done: "ok", failed: "bad", cancelled: "warn" }[redrive.state] : "busy", redrive.state), ` ${sentence}`),
    redrive.error_code && el("p", {}, "Reason: ", el("code", {}, redrive.error_code)),
    bar,
    results.length > 0 && table("Results, message by message", RESULT_COLUMNS, results),
    report.next_after && el("p", { class: "hint" }, `The first ${RESULTS_SHOWN} results are shown.`),
  ];
  if (finished) {
    fill(outcome, parts);
    announce(sentence);
    return;
  }
  if (outcome.querySelector("#redrive-cancel")) return fill(outcome.firstElementChild, parts);
  const button = el("button", { type: "button", id: "redrive-cancel", onclick: onCancel }, "Cancel");
  replace(outcome, el("div", {}, parts), el("div", { class: "tools" }, button));
}

const RESULT_COLUMNS = [
  { label: "Message", cell: (result) => short(result.dead_letter_id) },
  { label: "Result", cell: (result) => [badge(result.result === "redriven" ? "ok" : "bad", words(result.result)), result.code && [" ", el("code", {}, result.code)]] },
  { label: "Is now", cell: (result) => words(result.state) },
];

function rehearsed({ state, counts }) {
  if (state === "queued" || state === "running") return "Reading the messages.";
  return `Would redrive ${count(counts.redriven ?? 0)}; ${count(counts.failed ?? 0)} cannot be redriven. Nothing was changed.`;
}

function done({ state }, { redriven, failed, resolved, open_again: again }) {
  if (state === "queued") return "Waiting for a worker.";
  return `Redriven ${count(redriven)}, stored ${count(resolved)}, failed again ${count(again)}, not redriven ${count(failed)}.`;
}
