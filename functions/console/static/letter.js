// One dead letter: its row in the ledger, its history, and its scrubbed body.
import { problemBox } from "./api.js";
import { letterBadge } from "./dead_letters.js";
import { openDialog } from "./dialog.js";
import { el, facts } from "./dom.js";
import { count, time, words } from "./format.js";

const IDS_SHOWN = 20;

/** Open a dead letter in the dialog. */
export async function openLetter(api, orgId, letterId) {
  const show = openDialog("One message", el("p", {}, "Asking…"));
  try {
    show(describe(await api.get(`api/admin/dead-letters/${letterId}`, { org_id: orgId })));
  } catch (problem) {
    show(problemBox(problem));
  }
}

function describe({ dead_letter: letter, event_ids: ids, history, body }) {
  return [
    facts([
      ["Message", el("code", {}, letter.dead_letter_id)],
      ["State", letterBadge(letter.state)],
      ["Cause", [words(letter.cause), " ", el("code", {}, letter.error_code)]],
      ["Queue", letter.queue],
      ["First failed", time(letter.first_failed_at)],
      ["Last failed", time(letter.last_failed_at)],
      ["Failed / received / redriven", `${letter.failure_count} / ${letter.receive_count} / ${letter.redrive_count}`],
      ["Size", `${count(letter.size_bytes)} bytes`],
    ]),
    el("h3", {}, "History"),
    el("ol", { class: "plain" }, history.map(entry)),
    el("h3", {}, `Events (${count(ids.length)})`),
    ids.length > 0 ? el("ul", { class: "ids" }, ids.slice(0, IDS_SHOWN).map((id) => el("li", {}, el("code", {}, id)))) : el("p", { class: "none" }, "No id could be read."),
    ids.length > IDS_SHOWN && el("p", { class: "hint" }, `and ${ids.length - IDS_SHOWN} more`),
    el("h3", {}, "Body, scrubbed"),
    content(body),
  ];
}

function entry({ what, happened_at: at, code, acted_by: by, reason }) {
  return el("li", {}, el("strong", {}, words(what)), " ", time(at), code && [" ", el("code", {}, code)], by && ` by ${by}`, reason && `: ${reason}`);
}

function content(body) {
  if (body === null || body === undefined) return el("p", { class: "none" }, "The body could not be scrubbed, or the archive has deleted it.");
  const text = typeof body === "string" ? body : JSON.stringify(body, null, 2);
  return el("pre", { tabindex: "0", role: "region", "aria-label": "Body of the message" }, text);
}
