// The page of one signed-in person, from signing in to signing out.
import { Api, problemBox } from "./api.js";
import { History } from "./charts.js";
import { DeadLetters } from "./dead_letters.js";
import { byId, el, fill } from "./dom.js";
import { showJobs } from "./jobs.js";
import { showLine } from "./line.js";
import { Live } from "./live.js";
import { showOrganisation } from "./organisation.js";
import { showOverview, showTransitions } from "./overview.js";
import { Replays } from "./replays.js";
import { NIL_ORGANISATION } from "./session.js";
import { showExpiry, showSession } from "./signed_in.js";

export const VIEWS = ["overview", "dead-letters", "replays", "jobs", "organisation"];
const JOBS_EVERY_MS = 30_000;

export class Watch {
  /** `ended` gets the problem that ended the session; `signOut` is the button's action. */
  constructor(session, configuration, { ended, signOut }) {
    this.session = session;
    this.ended = ended;
    this.signOut = signOut;
    this.api = new Api(session.token, ended);
    this.history = new History();
    this.transitions = null;
    this.view = null;
    this.org = null; // the organisation of the loaded view: actions apply to it, even if another one is chosen
    const parts = { api: this.api, session, orgId: () => this.org, isShown: () => this.view === "replays" };
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
    showSession(this.session, this.signOut);
    showExpiry(this.session);
    this.live.start();
    this.jobsTimer = setInterval(() => this.view === "jobs" && showJobs(this.api, this.session), JOBS_EVERY_MS);
  }

  stop() {
    this.live.stop();
    this.api.close();
    clearInterval(this.jobsTimer);
    showExpiry(null);
  }

  /** Load a view's data for the chosen organisation. */
  load(view) {
    this.view = view;
    this.org = byId("organisation-choice").value;
    if (view === "dead-letters") this.letters.open(null);
    if (view === "replays") this.replays.start();
    if (view === "jobs") showJobs(this.api, this.session);
    if (view === "organisation") this.#show(this.live.state);
  }

  #offerOrganisations() {
    const known = this.session.orgIds.map((id) => el("option", { value: id }, id));
    const nil = this.session.holds("admin:super") && el("option", { value: NIL_ORGANISATION }, "nil organisation");
    byId("organisation-choice").replaceChildren(...known, ...(nil ? [nil] : []));
    byId("organisation-choice").onchange = () => this.load(this.view);
  }

  #show(state) {
    if (this.session.expiresAt <= Date.now()) return this.ended({ code: "token_expired", detail: "The token has expired." });
    showExpiry(this.session);
    showLine(state, this.live);
    this.#showHealth(state);
    if (this.transitions) showTransitions(this.transitions); // again, because their age changes
    showOrganisation(state.organisations[this.org], this.session);
    if (state.health?.since !== this.since) this.#loadTransitions(state.health?.since);
  }

  #showHealth({ health, organisations, advice, heardAt }) {
    const isNew = heardAt !== this.heardAt;
    const staleSince = heardAt !== null && Date.now() - heardAt > this.live.staleAfterMs ? heardAt : null;
    if (isNew && health?.slos) this.history.add(heardAt, numbers(health, organisations));
    if (isNew || staleSince !== null) showOverview(health, advice, this.history, this.live.staleAfterMs, staleSince);
    this.heardAt = heardAt;
  }

  async #loadTransitions(since) {
    this.since = since;
    if (since === undefined) return;
    try {
      const { transitions } = await this.api.get("api/health/transitions");
      if (since === this.since) this.transitions = transitions;
    } catch (problem) {
      this.transitions = null;
      fill(byId("transitions"), problemBox(problem));
    }
  }
}

/** Return a health state's values for the charts. */
function numbers(health, organisations) {
  const received = Object.values(organisations).map((organisation) => organisation.received_count);
  return {
    progress: health.progressBatchLagMs,
    analytics: health.analyticsIngestLagMs,
    p50: health.database?.latency_p50_ms,
    p95: health.database?.latency_p95_ms,
    backlog: health.offlineQueue?.backlog,
    throughput: received.length > 0 ? received.reduce((sum, events) => sum + events, 0) / 5 : null, // the count covers five minutes
  };
}
