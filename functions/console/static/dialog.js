// The one dialog of the page.
import { byId, replace } from "./dom.js";

let onClosed = null;
let opened = 0; // counts openings, to drop answers for an earlier one

/**
 * Open the dialog with a title and content. Return a function that replaces the content while this dialog is open.
 * `closed` is called when the dialog closes.
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

/** Set up the close button. The browser keeps the focus inside, closes on Escape, and restores the focus. */
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
