// The numbers of one organisation.
import { byId, el, facts, fill, table } from "./dom.js";
import { count, milliseconds, words } from "./format.js";

/** Show the numbers of one organisation, from health. */
export function showOrganisation(numbers, session) {
  const node = byId("organisation-numbers");
  if (!numbers) {
    const why = session.lacks("admin:read") ?? "No numbers of this organisation yet.";
    return fill(node, el("p", { class: "why" }, why));
  }
  const rejected = Object.entries(numbers.rejected_counts ?? {});
  fill(
    node,
    el(
      "section",
      { class: "card", "aria-labelledby": "organisation-five" },
      el("h2", { id: "organisation-five" }, "Within five minutes"),
      facts([
        ["Oldest queued batch waits", numbers.lag_ms ? milliseconds(numbers.lag_ms) : "none"],
        ["Events received", count(numbers.received_count)],
        ["Batches over the rate", count(numbers.rate_limited_count)],
        ["Open dead letters", count(numbers.dead_letter_count)],
      ]),
    ),
    el(
      "section",
      { class: "card", "aria-labelledby": "organisation-rejected" },
      el("h2", { id: "organisation-rejected" }, "Rejected events"),
      table(
        "Rejected events by reason",
        [{ label: "Reason", cell: ([reason]) => words(reason) }, { label: "Events", kind: "number", cell: ([, events]) => count(events) }],
        rejected,
        "No events were rejected.",
      ),
    ),
  );
}
