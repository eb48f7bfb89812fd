// Discard: giving dead letters up, after it was said how many, and confirmed.
import { problemBox } from "./api.js";
import { openDialog } from "./dialog.js";
import { announce, el, fill, replace } from "./dom.js";
import { count } from "./format.js";
import { chooseSelection, chosen, reasonField } from "./redrive.js";

const PATH = "api/admin/dead-letters/discard";

/** Open the dialog that gives dead letters up. */
export function openDiscard({ api, orgId, choices, closed }) {
  let changed = false;
  const outcome = el("div", {});
  const form = el(
    "form",
    {},
    el("p", {}, "Their events will not be stored. What was given up stays in the archive for as long as any."),
    chooseSelection(choices),
    reasonField(),
    el("div", { class: "tools" }, el("button", { type: "submit" }, "Count them")),
  );
  const ask = (dryRun) =>
    api.post(PATH, { org_id: orgId, selection: chosen(form, choices), reason: form.elements.reason.value, dry_run: dryRun });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      confirm(outcome, (await ask(true)).discarded, () => {
        changed = true;
        return giveUp(outcome, ask);
      });
    } catch (problem) {
      fill(outcome, problemBox(problem));
    }
  });
  form.addEventListener("input", () => replace(outcome)); // what was counted is not what is asked for any more
  openDialog("Discard", [form, outcome], () => changed && closed());
}

function confirm(outcome, many, go) {
  if (many === 0) return fill(outcome, el("p", {}, "None of them is open."));
  const button = el("button", { type: "button", class: "danger", id: "discard-now", disabled: true, onclick: go }, `Give up ${count(many)} for good`);
  const sure = el("input", { type: "checkbox", id: "sure", onchange: () => (button.disabled = !sure.checked) });
  replace(outcome, el("label", { class: "choice" }, sure, ` I have looked at them: ${count(many)} will be given up.`), el("div", { class: "tools" }, button));
  sure.focus();
}

async function giveUp(outcome, ask) {
  try {
    let given = 0;
    for (let remaining = 1; remaining > 0; ) {
      const answer = await ask(false);
      given += answer.discarded;
      remaining = answer.discarded > 0 ? answer.remaining : 0;
    }
    const sentence = `Given up: ${count(given)}.`;
    fill(outcome, el("p", {}, sentence));
    announce(sentence);
  } catch (problem) {
    fill(outcome, problemBox(problem));
  }
}
