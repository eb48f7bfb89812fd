// Who is signed in, what the token allows, until when; and signing out.
import { byId, el, facts, replace } from "./dom.js";
import { count, time } from "./format.js";

/** Show the session; `end` signs out. */
export function showSession(session, end) {
  const organisations = session.orgIds.map((id) => el("li", {}, el("code", {}, id)));
  replace(
    byId("session"),
    el(
      "details",
      {},
      el("summary", {}, "Signed in"),
      el(
        "div",
        { class: "menu" },
        facts([
          ["Role", session.role],
          ["Scopes", session.scopes.join(", ") || "none"],
          ["Expires", time(new Date(session.expiresAt).toISOString())],
          [`Organisations (${count(organisations.length)})`, el("ul", { class: "ids" }, organisations)],
        ]),
      ),
    ),
    el("button", { type: "button", id: "sign-out", class: "quiet", onclick: () => end() }, "Sign out"),
  );
}
