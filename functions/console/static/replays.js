// Replays of one organisation: start one, watch it, cancel it.
import { isPassing, problemBox } from "./api.js";
import { announce, byId, el, fill, replace, table } from "./dom.js";
import { count, short, time, words } from "./format.js";
import { badge } from "./overview.js";

const PATH = "api/admin/offline/replay";
const POLL_MS = 2000;
const SOURCES = { events: "stored events", spool: "archived spool", dead_letters: "archived dead letters", snapshots: "snapshots" };
const KINDS = { queued: "busy", running: "busy", done: "ok", failed: "bad", cancelled: "warn" };

export class Replays {
  constructor({ api, session, orgId, isShown }) {
    Object.assign(this, { api, session, orgId, isShown, asked: 0 });
    this.#build();
  }

  #build() {
    const lacking = this.session.lacks("admin:write", "service");
    const today = new Date().toISOString().slice(0, 10);
    const field = (label, name, attributes) => el("div", {}, el("label", { for: `replay-${name}` }, label), el("input", { id: `replay-${name}`, name, ...attributes }));
    const options = Object.entries(SOURCES).map(([value, label]) => el("option", { value }, label));
    replace(
      byId("replay-form"),
      lacking && el("p", { class: "why", id: "replay-why" }, lacking),
      el(
        "fieldset",
        { class: "grid", disabled: lacking !== null },
        el("legend", { class: "unseen" }, "A replay"),
        field("From (UTC)", "from", { type: "datetime-local", required: true, value: `${today}T00:00` }),
        field("To, exclusive (UTC)", "to", { type: "datetime-local", required: true, value: `${today}T23:59` }),
        el("div", {}, el("label", { for: "replay-source" }, "Source"), el("select", { id: "replay-source", name: "source" }, options)),
        field("Only this learner", "user_id", { autocomplete: "off", spellcheck: "false" }),
        field("Most in a second", "rate", { type: "number", min: 0.01, max: 10000, step: "any", placeholder: "no limit" }),
        field("Reason", "reason", { maxlength: 128, autocomplete: "off" }),
        el("label", { class: "choice" }, el("input", { type: "checkbox", name: "dry_run", checked: true }), " Dry run: count, and change nothing"),
        el("div", { class: "tools" }, el("button", { type: "submit", class: "primary", "aria-describedby": lacking && "replay-why" }, "Start")),
      ),
    );
    byId("replay-form").onsubmit = (event) => (event.preventDefault(), this.#start(new FormData(event.target)));
  }

  async #start(form) {
    const utc = (text) => `${text.length === 16 ? `${text}:00` : text}Z`;
    const optional = (name, read = String) => (form.get(name) ? { [name]: read(form.get(name)) } : {});
    const order = {
      org_id: this.orgId(),
      from: utc(form.get("from")),
      to: utc(form.get("to")),
      source: form.get("source"),
      dry_run: form.get("dry_run") !== null,
      ...optional("user_id"),
      ...optional("rate", Number),
      ...optional("reason"),
    };
    if (this.isStarting) return; // pressed twice
    this.isStarting = true;
    await this.#attempt(async () => {
      await this.api.post(PATH, order);
      announce("The replay is queued.");
    });
    this.isStarting = false;
  }

  async #attempt(work) {
    try {
      await work();
    } catch (problem) {
      return fill(byId("replays-problem"), problemBox(problem));
    }
    return this.refresh();
  }

  /** Start again, for another organisation or another visit of the view. */
  start() {
    replace(byId("replay-list"));
    return this.refresh();
  }

  /** Load the latest replays, and repeat while one of them runs and the view is visible. */
  async refresh() {
    clearTimeout(this.timer);
    const lacking = this.session.lacks("admin:read", "service");
    if (lacking) return fill(byId("replay-list"), el("p", { class: "why" }, lacking));
    const asked = ++this.asked;
    try {
      const { replays } = await this.api.get(PATH, { org_id: this.orgId() });
      if (asked !== this.asked) return; // another organisation was chosen meanwhile
      this.isMoving = replays.some(isMoving);
      fill(byId("replays-problem"));
      this.#show(replays);
    } catch (problem) {
      if (asked !== this.asked) return;
      this.isMoving &&= isPassing(problem);
      fill(byId("replays-problem"), problemBox(problem));
    }
    if (this.isMoving && this.isShown()) this.timer = setTimeout(() => this.refresh(), POLL_MS);
  }

  #show(replays) {
    const columns = [
      { label: "Replay", cell: (replay) => short(replay.replay_id) },
      { label: "Asked for", cell: (replay) => time(replay.requested_at) },
      { label: "Source", cell: (replay) => words(replay.source) },
      { label: "Window", cell: (replay) => [time(replay.from), " to ", time(replay.to)] },
      { label: "State", cell: (replay) => [badge(KINDS[replay.state], replay.state), replay.dry_run ? " dry run" : "", replay.error_code && [" ", el("code", {}, replay.error_code)]] },
      { label: "Progress", cell: (replay) => el("progress", { max: 1, value: replay.progress, "aria-label": `Progress of ${replay.replay_id.slice(0, 8)}` }) },
      { label: "Counts", cell: ({ counts }) => Object.entries(counts).map(([name, value]) => `${words(name)} ${count(value)}`).join(", ") || "–" },
      { label: el("span", { class: "unseen" }, "Cancel"), name: "", kind: "act", cell: (replay) => this.#canceller(replay) },
    ];
    const focused = document.activeElement?.dataset?.cancels;
    replace(byId("replay-list"), table("The latest replays", columns, replays, "No replays yet."));
    if (focused) byId("replay-list").querySelector(`[data-cancels="${focused}"]`)?.focus();
  }

  #canceller(replay) {
    if (!isMoving(replay)) return null;
    const id = replay.replay_id;
    const cancel = () => this.#attempt(() => this.api.post(`${PATH}/${id}/cancel`));
    const forbidden = this.session.lacks("admin:write", "service") !== null;
    return el("button", { type: "button", "data-cancels": id, "aria-label": `Cancel ${id.slice(0, 8)}`, disabled: forbidden, onclick: cancel }, "Cancel");
  }
}

const isMoving = ({ state }) => state === "queued" || state === "running";
