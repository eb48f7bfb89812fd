// What the dialogs of redrive and discard ask alike: which messages, and why.
import { byId, el } from "./dom.js";

let keptReason = "";

/** The radio buttons that say which messages are meant; the first one is chosen. */
export function chooseSelection(choices) {
  const radios = choices.map(({ label }, index) => {
    const radio = el("input", { type: "radio", name: "selection", value: index });
    radio.checked = index === 0;
    return el("label", { class: "choice" }, radio, ` ${label}`);
  });
  return el("fieldset", {}, el("legend", {}, "Which"), radios);
}

/** Which of the choices a form has chosen; to be read while its fields are on. */
export const chosen = (form, choices) => choices[Number(new FormData(form).get("selection"))].selection;

/** The field for a reason, which the audit keeps. */
export function reasonField() {
  const value = keptReason || null;
  keptReason = "";
  return [
    el("label", { for: "reason" }, "Reason"),
    el("input", { id: "reason", name: "reason", required: true, maxlength: 128, autocomplete: "off", value, "aria-describedby": "reason-hint" }),
    el("p", { id: "reason-hint", class: "hint" }, "Kept with it, for those who look later. No names of people."),
  ];
}

/** Let the next dialog begin with what was written in this one: its token expired before it was sent. */
export function keepReason() {
  keptReason = byId("reason")?.value ?? "";
}
