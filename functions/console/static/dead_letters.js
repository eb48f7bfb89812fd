// The dead letters of one organisation: by cause, message by message, and the actions on them.
import { problemBox } from "./api.js";
import { openDiscard } from "./discard.js";
import { byId, el, fill, replace, table } from "./dom.js";
import { count, short, time, words } from "./format.js";
import { openLetter } from "./letter.js";
import { badge } from "./overview.js";
import { openRedrive, watchRedrive } from "./redrive.js";

const PATH = "api/admin/dead-letters";
const PAGE = 50;
const SELECTED_MOST = 300; // the most ids in one operation
const KINDS = { open: "warn", redriven: "busy", resolved: "ok", discarded: "idle" };

export const letterBadge = (state) => badge(KINDS[state] ?? "idle", state);
const sameGroup = (one, other) => ["queue", "cause", "error_code", "state"].every((part) => one?.[part] === other?.[part]);

export class DeadLetters {
  constructor({ api, session, orgId }) {
    Object.assign(this, { api, session, orgId, group: null, groups: [], letters: [], after: null, selected: new Set(), asked: 0 });
    this.redrives = new Map(); // by organisation: the redrive that was running when its dialog was closed
    byId("letter-state").onchange = () => this.open(null);
    byId("letters-refresh").onclick = () => this.refresh();
    this.open(null, false);
  }

  /** Show another group, or no group, as after a change of organisation. */
  open(group, load = true) {
    this.group = group;
    this.selected.clear();
    byId("letters-card").hidden = group === null;
    replace(byId("letters"));
    replace(byId("letters-actions"));
    if (group === null) replace(byId("groups"));
    this.#showRedrive();
    if (load) return this.refresh(group !== null);
  }

  /** Load the groups again, and the messages of the open group. */
  async refresh(focus = false) {
    const lacking = this.session.lacks("admin:read");
    if (lacking) return fill(byId("letters-problem"), el("p", { class: "why" }, lacking));
    const asked = ++this.asked;
    const state = byId("letter-state").value;
    try {
      const page = await this.#page(state ? { state } : {}, 1);
      const letters = this.group ? await this.#page(this.#filter(), PAGE) : null;
      if (asked !== this.asked) return; // another organisation or state was chosen meanwhile
      fill(byId("letters-problem"));
      this.#showGroups(page.groups);
      if (letters) this.#take(letters, []);
      if (letters && focus) byId("letters-title").focus();
    } catch (problem) {
      if (asked === this.asked) fill(byId("letters-problem"), problemBox(problem));
    }
  }

  #page(filter, limit, after = null) {
    return this.api.get(PATH, { org_id: this.orgId(), limit, ...filter, ...(after ? { after } : {}) });
  }

  #filter() {
    const { queue, cause, state } = this.group;
    return { queue, cause, state };
  }

  async #more() {
    const asked = ++this.asked;
    try {
      const page = await this.#page(this.#filter(), PAGE, this.after);
      if (asked === this.asked) this.#take(page, this.letters);
    } catch (problem) {
      if (asked === this.asked) fill(byId("letters-problem"), problemBox(problem));
    }
  }

  #take(page, before) {
    // The API filters by queue and cause, but a cause can have several codes.
    this.letters = [...before, ...page.dead_letters.filter((letter) => letter.error_code === this.group.error_code)];
    this.after = page.next_after ?? null;
    const known = new Set(this.letters.map((letter) => letter.dead_letter_id));
    this.selected = new Set([...this.selected].filter((id) => known.has(id)));
    this.#showLetters();
  }

  #showGroups(groups) {
    this.groups = groups;
    const columns = [
      { label: "Cause", cell: (group) => [words(group.cause), " ", el("code", {}, group.error_code)] },
      { label: "Queue", cell: (group) => group.queue },
      { label: "State", cell: (group) => letterBadge(group.state) },
      { label: "Messages", kind: "number", cell: (group) => count(group.letter_count) },
      { label: "Events", kind: "number", cell: (group) => count(group.event_count) },
      { label: "Last failed", cell: (group) => time(group.last_failed_at) },
      { label: el("span", { class: "unseen" }, "Open"), name: "", kind: "act", cell: (group) => this.#opener(group) },
    ];
    replace(byId("groups"), table("Dead letters by cause", columns, groups, "No messages. Nothing failed for good."));
  }

  #opener(group) {
    const name = `${words(group.cause)} ${group.error_code} in ${group.queue}, ${group.state}`;
    const open = sameGroup(group, this.group);
    return el("button", { type: "button", "aria-label": `Messages of ${name}`, "aria-pressed": String(open), onclick: () => this.open(group) }, "Messages");
  }

  #showLetters() {
    byId("letters-title").textContent = `Messages: ${words(this.group.cause)}, ${this.group.queue}`;
    const all = el("input", { type: "checkbox", id: "select-all", onchange: () => this.#selectAll(all.checked) });
    const columns = [
      { label: el("span", { class: "unseen" }, "Select"), kind: "check", cell: (letter) => this.#checkbox(letter) },
      { label: "Message", cell: (letter) => short(letter.dead_letter_id) },
      { label: "State", cell: (letter) => letterBadge(letter.state) },
      { label: "Events", kind: "number", cell: (letter) => count(letter.event_count) },
      { label: "Failed", cell: (letter) => [time(letter.last_failed_at), letter.failure_count > 1 ? `, ${letter.failure_count} times` : ""] },
      { label: el("span", { class: "unseen" }, "Look"), name: "", kind: "act", cell: (letter) => this.#looker(letter) },
    ];
    replace(
      byId("letters"),
      this.letters.length > 0 && el("label", { class: "choice" }, all, " Select all shown"),
      table("Messages", columns, this.letters, "No messages any more."),
      this.after && el("button", { type: "button", onclick: () => this.#more() }, "Show more"),
    );
    this.#showActions();
  }

  #checkbox({ dead_letter_id: id }) {
    const box = el("input", { type: "checkbox", "aria-label": `Select message ${id.slice(0, 8)}`, "data-letter": id });
    box.checked = this.selected.has(id);
    box.addEventListener("change", () => {
      if (box.checked) this.selected.add(id);
      else this.selected.delete(id);
      this.#showActions();
    });
    return box;
  }

  #selectAll(on) {
    this.selected = new Set(on ? this.letters.map((letter) => letter.dead_letter_id) : []);
    for (const box of byId("letters").querySelectorAll("[data-letter]")) box.checked = on;
    this.#showActions();
  }

  #looker(letter) {
    const id = letter.dead_letter_id;
    return el("button", { type: "button", "aria-label": `Look at message ${id.slice(0, 8)}`, onclick: () => openLetter(this.api, this.orgId(), id) }, "Look");
  }

  /** Return the possible selections: the selected messages, and all open ones of the cause. */
  #choices() {
    const { cause, queue, state } = this.group;
    const ids = [...this.selected];
    const selected = ids.length > 0 && { label: ids.length === 1 ? "The selected message" : `The ${count(ids.length)} selected messages`, selection: { dead_letter_ids: ids } };
    // The API selects by cause and queue, not by code. So that selection is offered, with its total.
    const alike = this.groups.filter((group) => group.state === "open" && group.cause === cause && group.queue === queue);
    const many = alike.reduce((sum, group) => sum + group.letter_count, 0);
    const codes = alike.length > 1 ? `, of ${alike.length} codes` : "";
    const all = state === "open" && { label: `All ${count(many)} open ones: ${words(cause)} in ${queue}${codes}`, selection: { cause, queue } };
    return [selected, all].filter(Boolean);
  }

  #context() {
    const orgId = this.orgId();
    const keep = (id) => {
      if (id) this.redrives.set(orgId, id);
      else this.redrives.delete(orgId);
      this.#showRedrive();
    };
    return { api: this.api, orgId, keep, closed: () => this.orgId() === orgId && this.refresh(true) };
  }

  /** Offer to open the dialog of a running redrive again. */
  #showRedrive() {
    const id = this.redrives.get(this.orgId());
    const open = () => watchRedrive({ ...this.#context(), id });
    replace(byId("redrive-under-way"), id && el("p", {}, "A redrive was running when its dialog was closed. ", el("button", { type: "button", id: "redrive-watch", onclick: open }, "Watch it…")));
  }

  #showActions() {
    const choices = this.#choices();
    const tooMany = this.selected.size > SELECTED_MOST;
    const lacking = this.session.lacks("admin:write");
    const idle = choices.length === 0 ? "Select messages first." : null;
    const over = tooMany ? `Select at most ${SELECTED_MOST}, or none to use all open ones.` : null;
    const done = this.group.state === "resolved" ? "These messages are stored. Nothing is left to do." : null;
    const why = lacking ?? done ?? over ?? idle;
    const order = { ...this.#context(), choices };
    const open = this.group.state === "open";
    replace(
      byId("letters-actions"),
      el("button", { type: "button", class: "primary", id: "redrive", disabled: why !== null, "aria-describedby": why && "letters-why", onclick: () => openRedrive(order) }, "Redrive…"),
      open && el("button", { type: "button", class: "danger", id: "discard", disabled: why !== null, "aria-describedby": why && "letters-why", onclick: () => openDiscard(order) }, "Discard…"),
      el("span", { class: "hint" }, `${count(this.selected.size)} selected`),
      why && el("p", { class: "why", id: "letters-why" }, why),
    );
  }
}
