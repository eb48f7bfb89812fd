// Starts the page: signs in, shows the view that the address names, and hands what is heard to the views.
import { Api, problemBox } from "./api.js";
import { History } from "./charts.js";
import { DeadLetters } from "./dead_letters.js";
import { setUpDialog } from "./dialog.js";
import { announce, byId, el, fill } from "./dom.js";
import { showJobs } from "./jobs.js";
import { showLine } from "./line.js";
import { Live } from "./live.js";
import { comeBack, leaveForSignIn } from "./oidc.js";
import { showOrganisation } from "./organisation.js";
import { showOverview, showTransitions } from "./overview.js";
import { Replays } from "./replays.js";
import { NOBODY, Session } from "./session.js";
import { showSession } from "./signed_in.js";

const VIEWS = ["overview", "dead-letters", "replays", "jobs", "organisation"];
const OF_ORGANISATIONS = ["dead-letters", "replays", "organisation"];
const JOBS_EVERY_MS = 30_000;
const FILLED = ["status", "groups", "letters", "replay-list", "alerts", "jobs-table", "transitions", "organisation-numbers"];

/** What the page does for one signed-in person. */
class Watch {
  constructor(session, configuration) {
    this.session = session;
    this.api = new Api(session.token, (problem) => end(problem));
    this.history = new History();
    this.orgId = () => byId("organisation-choice").value;
    const parts = { api: this.api, session, orgId: this.orgId, isShown: () => currentView() === "replays" };
    this.letters = new DeadLetters(parts);
    this.replays = new Replays(parts);
    this.live = new Live({
      api: this.api,
      intervalMs: configuration.health_stream_interval_ms,
      onChange: (state) => this.#show(state),
    });
  }

  start() {
    this.#offerOrganisations();
    showSession(this.session, end);
    this.live.start();
    this.jobsTimer = setInterval(() => currentView() === "jobs" && showJobs(this.api, this.session), JOBS_EVERY_MS);
    this.load(currentView());
  }

  stop() {
    this.live.stop();
    clearInterval(this.jobsTimer);
  }

  /** Ask for what a view shows beside health. */
  load(view) {
    if (view === "dead-letters") this.letters.open(null);
    if (view === "replays") this.replays.refresh();
    if (view === "jobs") showJobs(this.api, this.session);
    if (view === "organisation") this.#show(this.live.state);
  }

  #offerOrganisations() {
    const known = this.session.orgIds.map((id) => el("option", { value: id }, id));
    const nobody = this.session.holds("admin:super") && el("option", { value: NOBODY }, "of nobody known");
    byId("organisation-choice").replaceChildren(...known, ...(nobody ? [nobody] : []));
    byId("organisation-choice").onchange = () => this.load(currentView());
  }

  #show(state) {
    if (this.session.expiresAt <= Date.now()) return end({ code: "token_expired", detail: "The token has expired." });
    const { health, organisations, advice, heardAt } = state;
    showLine(state, this.live);
    if (heardAt !== this.heardAt && health?.slos) this.history.add(Date.now(), numbers(health, organisations));
    if (heardAt !== this.heardAt) showOverview(health, advice, this.history, this.live.staleAfterMs);
    this.heardAt = heardAt;
    showOrganisation(organisations[this.orgId()], this.session);
    if (health?.since !== this.since) this.#loadTransitions(health?.since);
  }

  async #loadTransitions(since) {
    this.since = since;
    if (this.session.lacks("admin:read")) return showTransitions([]);
    try {
      const { transitions } = await this.api.get("api/health/transitions");
      showTransitions(transitions);
    } catch (problem) {
      fill(byId("transitions"), problemBox(problem));
    }
  }
}

/** What charts draw of a snapshot. */
function numbers(health, organisations) {
  const received = Object.values(organisations).map((organisation) => organisation.received_count);
  return {
    progress: health.progressBatchLagMs,
    analytics: health.analyticsIngestLagMs,
    p50: health.database?.latency_p50_ms,
    p95: health.database?.latency_p95_ms,
    backlog: health.offlineQueue?.backlog,
    throughput: received.length > 0 ? received.reduce((sum, events) => sum + events, 0) / 5 : null, // of five minutes
  };
}

let watch = null;
let configuration = null;

const currentView = () => (VIEWS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "overview");

function showView(focus) {
  if (!watch || (location.hash && !VIEWS.includes(location.hash.slice(1)))) return; // the skip link
  const view = currentView();
  for (const name of VIEWS) byId(name).hidden = name !== view;
  for (const link of byId("views").children) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  byId("chooser").hidden = !OF_ORGANISATIONS.includes(view);
  if (focus) byId(`${view}-title`).focus();
}

function begin(session) {
  session.keep();
  for (const id of FILLED) fill(byId(id));
  for (const id of ["views", "session", "line"]) byId(id).hidden = false;
  byId("sign-in").hidden = true;
  byId("token").value = "";
  watch = new Watch(session, configuration);
  showView(true);
  watch.start();
}

/** Sign out: because somebody asked for it, or because of a problem with the token. */
function end(problem = null) {
  watch?.stop();
  watch = null;
  Session.forget();
  if (byId("dialog").open) byId("dialog").close();
  for (const id of [...VIEWS, "views", "session", "line", "chooser"]) byId(id).hidden = true;
  showSignIn(problem);
}

function showSignIn(problem) {
  byId("sign-in").hidden = false;
  byId("sign-in-provider").hidden = !configuration?.oidc;
  fill(byId("sign-in-problem"), problem && problemBox(problem));
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
    showSignIn({ code: "sign_in_failed", detail: fault.message });
  }
}

async function main() {
  setUpDialog();
  setUpSignIn();
  addEventListener("hashchange", () => {
    showView(true);
    if (VIEWS.includes(location.hash.slice(1))) watch?.load(currentView());
  });
  addEventListener("online", () => watch?.live.hurry());
  document.addEventListener("visibilitychange", () => !document.hidden && watch?.live.hurry());
  configuration = await (await fetch("console/config.json")).json();
  byId("place").textContent = configuration.environment;
  await attempt(async () => {
    const token = await comeBack(configuration.oidc);
    const session = token ? new Session(token) : Session.restore();
    if (session) begin(session);
    else showSignIn(null);
  });
  announce("");
}

main();
