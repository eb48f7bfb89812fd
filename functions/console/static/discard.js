// Discard dead letters, after their number was shown and confirmed.
import { problemBox } from "./api.js";
import { chooseSelection, chosen, reasonField } from "./choosing.js";
import { openDialog } from "./dialog.js";
import { announce, el, fill, replace } from "./dom.js";
import { count } from "./format.js";

const PATH = "api/admin/dead-letters/discard";

/** Open the dialog that discards dead letters. */
export function openDiscard({ api, orgId, choices, closed }) {
  let changed = false;
  const outcome = el("div", {});
  const form = el(
    "form",
    {},
    el("p", {}, "Their events will not be stored. Discarded messages stay in the archive as long as all others."),
    chooseSelection(choices),
    reasonField(),
    el("div", { class: "tools" }, el("button", { type: "submit" }, "Count them")),
  );
  const ask = (dryRun, until) =>
    api.post(PATH, { org_id: orgId, selection: chosen(form, choices), reason: form.elements.reason.value, dry_run: dryRun, until });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const { discarded, remaining, until } = await ask(true); // one answer counts at most as many as one call discards
      const many = discarded + remaining;
      confirm(outcome, many, () => {
        changed = true;
        return giveUp(outcome, () => ask(false, until), many);
      });
    } catch (problem) {
      fill(outcome, problemBox(problem));
    }
  });
  form.addEventListener("input", () => replace(outcome)); // the count no longer matches the form
  openDialog("Discard", [form, outcome], () => changed && closed());
}

function confirm(outcome, many, go) {
  if (many === 0) return fill(outcome, el("p", {}, "None of these messages is open."));
  const button = el("button", { type: "button", class: "danger", id: "discard-now", disabled: true, onclick: () => ((button.disabled = sure.disabled = true), go()) }, `Discard ${count(many)} for good`);
  const sure = el("input", { type: "checkbox", id: "sure", onchange: () => (button.disabled = !sure.checked) });
  replace(outcome, el("label", { class: "choice" }, sure, ` I have looked at them. ${count(many)} messages will be discarded.`), el("div", { class: "tools" }, button));
  sure.focus();
}

/** Discard the confirmed messages, call by call. Messages that failed after the count were not seen, and stay. */
async function giveUp(outcome, ask, many) {
  try {
    let given = 0;
    for (let remaining = many; remaining > 0; ) {
      const answer = await ask();
      given += answer.discarded;
      remaining = answer.discarded > 0 ? answer.remaining : 0;
    }
    const sentence = `Discarded: ${count(given)}.`;
    fill(outcome, el("p", {}, sentence));
    announce(sentence);
  } catch (problem) {
    fill(outcome, problemBox(problem));
  }
}
