// The one dialog of the page.
import { byId, replace } from "./dom.js";

let onClosed = null;
let opened = 0; // how often; an answer to an earlier opening comes too late

/**
 * Open the dialog with a title and content; returns what replaces that content, as long as it is what is open.
 * `closed` is called when it closes.
 */
export function openDialog(title, content, closed = null) {
  const dialog = byId("dialog");
  byId("dialog-title").textContent = title;
  replace(byId("dialog-body"), content);
  onClosed = closed;
  const mine = ++opened;
  if (!dialog.open) dialog.showModal();
  byId("dialog-title").focus();
  return (next) => mine === opened && replace(byId("dialog-body"), next);
}

/** Make its buttons work; the browser itself keeps the keyboard inside, closes it by Escape, and gives focus back. */
export function setUpDialog() {
  const dialog = byId("dialog");
  byId("dialog-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    opened += 1;
    const done = onClosed;
    onClosed = null;
    done?.();
  });
}
