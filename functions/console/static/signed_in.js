// The signed-in person's token, its expiry, and signing out.
import { byId, el, facts, fill, replace } from "./dom.js";
import { count, time } from "./format.js";

const WARNED_MS = 120_000;

/** Warn two minutes before the token expires. `session` is null when no person is signed in. */
export function showExpiry(session) {
  const isNear = session !== null && session.expiresAt - Date.now() < WARNED_MS;
  for (const place of document.querySelectorAll(".expiry")) {
    place.hidden = !isNear;
    fill(place, isNear && ["Your token expires at ", time(new Date(session.expiresAt).toISOString()), ". Then you have to sign in again."]);
  }
}

/** Show the session, and the button that ends it. */
export function showSession(session, signOut) {
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
    el("button", { type: "button", id: "sign-out", class: "quiet", onclick: signOut }, "Sign out"),
  );
}
