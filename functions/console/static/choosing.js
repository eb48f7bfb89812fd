// The fields that the dialogs for redrive and discard share: which messages, and the reason.
import { byId, el } from "./dom.js";

let keptReason = "";

/** The radio buttons that select messages. The first one is selected. */
export function chooseSelection(choices) {
  const radios = choices.map(({ label }, index) => {
    const radio = el("input", { type: "radio", name: "selection", value: index });
    radio.checked = index === 0;
    return el("label", { class: "choice" }, radio, ` ${label}`);
  });
  return el("fieldset", {}, el("legend", {}, "Which"), radios);
}

/** Return the selected choice of a form. Disabled fields have no value, so read it while they are enabled. */
export const chosen = (form, choices) => choices[Number(new FormData(form).get("selection"))].selection;

/** The field for the reason, which the audit stores. */
export function reasonField() {
  const value = keptReason || null;
  keptReason = "";
  return [
    el("label", { for: "reason" }, "Reason"),
    el("input", { id: "reason", name: "reason", required: true, maxlength: 128, autocomplete: "off", value, "aria-describedby": "reason-hint" }),
    el("p", { id: "reason-hint", class: "hint" }, "The audit stores it. No names of people."),
  ];
}

/** Start the next dialog with this dialog's reason: the token expired before it was sent. */
export function keepReason() {
  keptReason = byId("reason")?.value ?? "";
}
