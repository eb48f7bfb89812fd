// Starts the page: signs a person in, and shows the view that the address names.
import { problemBox, readConfiguration } from "./api.js";
import { keepReason } from "./choosing.js";
import { setUpDialog } from "./dialog.js";
import { byId, el, fill, replace } from "./dom.js";
import { comeBack, leaveForSignIn, leaveForSignOut } from "./oidc.js";
import { Session } from "./session.js";
import { VIEWS, Watch } from "./watch.js";

const OF_ORGANISATIONS = ["dead-letters", "replays", "organisation"];
const FILLED = ["status", "groups", "letters", "replay-list", "alerts", "jobs-table", "transitions", "organisation-numbers"];
const PROBLEMS = ["letters-problem", "replays-problem", "jobs-problem"];
const UNCONFIGURED = { environment: "", health_stream_interval_ms: 10_000, oidc: null };

let watch = null;
let configuration = UNCONFIGURED;
let view = VIEWS[0];

/** Show the view that the address names. Any other address keeps the current view. */
function showView() {
  const named = location.hash.slice(1);
  if (VIEWS.includes(named)) view = named;
  if (!watch) return;
  for (const name of VIEWS) byId(name).hidden = name !== view;
  for (const link of byId("views").children) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("chooser").hidden = !OF_ORGANISATIONS.includes(view);
  byId(`${view}-title`).focus();
  watch.load(view);
}

function begin(session) {
  session.keep();
  for (const id of [...FILLED, ...PROBLEMS]) fill(byId(id));
  for (const id of ["views", "session", "line"]) byId(id).hidden = false;
  byId("sign-in").hidden = true;
  byId("token").value = "";
  const started = new Watch(session, configuration, {
    ended: (problem) => watch === started && end(problem),
    signOut: () => signOut(session),
  });
  watch = started;
  watch.start();
  showView();
}

/** End the session: on request, or because of a problem with the token. */
function end(problem = null) {
  watch?.stop();
  watch = null;
  Session.forget();
  if (byId("dialog").open) {
    if (problem) keepReason();
    byId("dialog").close();
  }
  for (const id of [...VIEWS, "views", "session", "line", "chooser"]) byId(id).hidden = true;
  showSignIn(problem);
}

async function signOut(session) {
  end();
  if (session.idToken && configuration.oidc) await attempt(() => leaveForSignOut(configuration.oidc, session.idToken));
}

function showSignIn(problem, ...remedy) {
  byId("sign-in").hidden = false;
  byId("sign-in-provider").hidden = !configuration.oidc;
  replace(byId("sign-in-problem"), problem && problemBox(problem), remedy);
  byId("token").focus();
}

function setUpSignIn() {
  byId("sign-in-form").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => begin(new Session(byId("token").value.trim())));
  });
  byId("sign-in-oidc").addEventListener("click", () => attempt(() => leaveForSignIn(configuration.oidc)));
}

async function attempt(work) {
  try {
    await work();
  } catch (fault) {
    showSignIn({ code: fault.code ?? "sign_in_failed", detail: fault.message });
  }
}

/** Continue with this tab's session, or with the one that a provider returns; else show the sign-in form. */
async function enter() {
  try {
    configuration = await readConfiguration();
  } catch (problem) {
    // Without a configuration a token still works, but the provider is unknown.
    return showSignIn(problem, el("div", { class: "tools" }, el("button", { type: "button", onclick: enter }, "Try again")));
  }
  byId("place").textContent = configuration.environment;
  await attempt(async () => {
    const kept = Session.restore();
    const brought = await comeBack(configuration.oidc).catch((fault) => {
      if (!kept) throw fault; // an unexpected answer of a provider does not end the session
    });
    const session = brought ? new Session(brought.access_token, brought.id_token) : kept;
    if (session) begin(session);
    else showSignIn(null);
  });
}

/** Show unforeseen errors: a page that silently shows old numbers would mislead. */
function confess() {
  byId("fault").hidden = false;
  fill(byId("fault"), problemBox({ code: "page_failed", detail: "This page has failed, and may show wrong numbers. Reload it." }));
}

function main() {
  addEventListener("error", confess);
  addEventListener("unhandledrejection", confess);
  setUpDialog();
  setUpSignIn();
  // Without the address, because the address names the view.
  document.querySelector(".skip").addEventListener("click", (event) => (event.preventDefault(), byId("main").focus()));
  addEventListener("hashchange", () => VIEWS.includes(location.hash.slice(1)) && showView());
  addEventListener("online", () => watch?.live.hurry());
  document.addEventListener("visibilitychange", () => !document.hidden && watch?.live.hurry());
  enter();
}

main();
