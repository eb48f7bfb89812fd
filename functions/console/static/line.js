// The line with the source and the age of the numbers.
import { announceState, byId, el, fill } from "./dom.js";
import { seconds } from "./format.js";

const WHY = {
  socket_blocked: "the socket cannot be opened",
  socket_closed: "the socket was closed",
  socket_silent: "the socket fell silent",
  socket_unanswered: "the socket did not answer",
  health_unknown: "the socket has no current numbers",
  unreachable: "the API cannot be reached",
};

/** Show how the page is connected, and announce changes. */
export function showLine({ mode, heardAt, why }, { staleAfterMs, intervalMs }) {
  const age = heardAt === null ? null : Math.max(0, Date.now() - heardAt);
  const isStale = age !== null && age > staleAfterMs;
  const how = inWords(mode, why, intervalMs);
  const line = byId("line");
  line.dataset.mode = isStale ? "stale" : mode;
  fill(
    line,
    el("span", { class: "dot", "aria-hidden": "true" }),
    el("span", {}, how),
    age !== null && el("span", { class: "age" }, isStale ? `These numbers are old: ${seconds(Math.round(age / 1000))}.` : `Numbers ${seconds(Math.round(age / 1000))} old.`),
  );
  if (mode !== "connecting") announceState("line", isStale ? `The numbers are old. ${how}` : how);
}

function inWords(mode, why, intervalMs) {
  if (mode === "socket") return "Live, over the socket.";
  const reason = why ? `: ${WHY[why] ?? why}` : "";
  if (mode === "polling") return `Polling every ${seconds(Math.min(5000, intervalMs) / 1000)}${reason}.`;
  if (mode === "offline") return `Not connected${reason}. Trying again.`;
  return `Connecting${reason}.`;
}
