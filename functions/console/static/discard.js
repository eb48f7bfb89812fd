// Discard: giving dead letters up, after it was said how many, and confirmed.
import { problemBox } from "./api.js";
import { chooseSelection, chosen, reasonField } from "./choosing.js";
import { openDialog } from "./dialog.js";
import { announce, el, fill, replace } from "./dom.js";
import { count } from "./format.js";

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
  const ask = (dryRun, until) =>
    api.post(PATH, { org_id: orgId, selection: chosen(form, choices), reason: form.elements.reason.value, dry_run: dryRun, until });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const { discarded, remaining, until } = await ask(true); // one answer counts no more than one call would give up
      const many = discarded + remaining;
      confirm(outcome, many, () => {
        changed = true;
        return giveUp(outcome, () => ask(false, until), many);
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
  const button = el("button", { type: "button", class: "danger", id: "discard-now", disabled: true, onclick: () => ((button.disabled = sure.disabled = true), go()) }, `Give up ${count(many)} for good`);
  const sure = el("input", { type: "checkbox", id: "sure", onchange: () => (button.disabled = !sure.checked) });
  replace(outcome, el("label", { class: "choice" }, sure, ` I have looked at them: ${count(many)} will be given up.`), el("div", { class: "tools" }, button));
  sure.focus();
}

/** Give up what was confirmed, call by call; what failed after the count was looked at by nobody, and stays. */
async function giveUp(outcome, ask, many) {
  try {
    let given = 0;
    for (let remaining = many; remaining > 0; ) {
      const answer = await ask();
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
