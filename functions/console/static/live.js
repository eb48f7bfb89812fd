// Live health: over a socket, or by polling when there is no socket. The page shows which of the two.
import { mergePatch } from "./patch.js";

const BACKOFF_FIRST_MS = 500;
const BACKOFF_MOST_MS = 30_000;
const POLL_MOST_MS = 5_000;
const INTERVALS_MISSED = 3;
const OPENING_MOST_MS = 20_000;
const AGAIN_SECONDS = 5; // after a refusal without a time to wait

/**
 * The current health state and its source. `mode` is "connecting", "socket", "polling" or "offline". `heardAt` is when
 * the numbers were last confirmed, by this machine's clock. `why` is the reason for having no socket.
 */
export class Live {
  constructor({ api, intervalMs, onChange, openSocket = (url) => new WebSocket(url) }) {
    this.api = api;
    this.intervalMs = intervalMs;
    this.onChange = onChange;
    this.openSocket = openSocket;
    this.state = { mode: "connecting", heardAt: null, health: null, organisations: {}, advice: null, why: "" };
    this.sequence = null;
    this.seen = 0; // the highest sequence received, applied or not
    this.attempts = 0;
    this.running = false;
  }

  get staleAfterMs() {
    return INTERVALS_MISSED * this.intervalMs;
  }

  start() {
    this.running = true;
    this.timer = setInterval(() => this.#tick(), 1000);
    this.#open();
  }

  stop() {
    this.running = false;
    clearInterval(this.timer);
    clearTimeout(this.retry);
    this.#drop();
  }

  /** Try the socket now, without the backoff: the network is back, or the page is visible again. */
  hurry() {
    if (this.socket || !this.running) return;
    clearTimeout(this.retry);
    this.#open();
  }

  async #open() {
    if (this.opening || this.socket || !this.running) return;
    this.opening = true;
    try {
      const { ticket, url } = await this.api.post("api/socket/tickets", {});
      if (!this.running) return;
      this.#listen(this.openSocket(`${url}?ticket=${encodeURIComponent(ticket)}`));
    } catch (problem) {
      this.#lost(problem.code ?? "socket_blocked", problem.retryAfterSeconds ?? 0);
    } finally {
      this.opening = false;
    }
  }

  #listen(socket) {
    this.socket = socket;
    this.listenedSince = Date.now();
    this.confirmed = false;
    socket.onopen = () => this.socket === socket && this.#subscribe();
    socket.onmessage = ({ data }) => this.socket === socket && this.#hear(JSON.parse(data));
    socket.onclose = () => this.socket === socket && this.#lost("socket_closed");
  }

  #subscribe() {
    clearTimeout(this.resubscribing);
    this.sequence = null;
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ action: "subscribe" }));
  }

  #subscribeIn(milliseconds) {
    clearTimeout(this.resubscribing);
    this.resubscribing = setTimeout(() => this.#subscribe(), milliseconds);
  }

  #hear(message) {
    // Messages of API Gateway itself have no type: the function could not answer.
    if (message.type === "problem" || message.type === undefined) return this.#refused(message);
    if (message.sequence < this.sequence) return; // a newer message came first: ignore this one
    if (message.advice) this.state.advice = message.advice;
    if (typeof message.sequence === "number") this.seen = Math.max(this.seen, message.sequence);
    if (message.type === "health.snapshot") this.#take(message);
    else if (this.sequence === null) return; // the snapshot has not arrived yet
    else if (message.type === "health.delta") this.#apply(message);
    else if (message.type === "heartbeat" && message.sequence > this.sequence) return this.#subscribe();
    this.#heard("socket");
  }

  #take(snapshot) {
    this.attempts = 0;
    this.confirmed = true;
    this.etag = null; // the page no longer shows the polled answer
    this.sequence = snapshot.sequence;
    this.state.health = snapshot.health;
    this.state.organisations = snapshot.organisations ?? {};
    // A change arrived before its snapshot: ask for a newer snapshot, after a pause so that this does not loop.
    if (this.seen > this.sequence) this.#subscribeIn(BACKOFF_FIRST_MS);
    this.seen = this.sequence;
  }

  #apply(delta) {
    if (delta.sequence <= this.sequence) return;
    if (delta.previous !== this.sequence) return void this.#subscribe();
    this.sequence = delta.sequence;
    this.state.health = mergePatch(this.state.health, delta.patch ?? {});
    this.state.organisations = mergePatch(this.state.organisations, delta.organisations ?? {});
  }

  /** Keep the socket after a refusal, because the API answered. Poll until a snapshot arrives. */
  #refused({ code = "socket_unanswered", detail, retry_after_seconds: seconds = AGAIN_SECONDS }) {
    if (code === "token_expired" || code === "token_invalid") return this.api.onExpired({ code, detail });
    this.sequence = null;
    this.confirmed = false;
    this.listenedSince = Date.now();
    this.#subscribeIn(1000 * seconds);
    this.#unconfirm(code);
  }

  #unconfirm(why) {
    this.state.why = why;
    if (this.state.mode === "socket") this.state.mode = "connecting";
    this.polledAt = 0;
    this.onChange(this.state);
  }

  #heard(mode) {
    Object.assign(this.state, { mode, heardAt: Date.now(), why: mode === "socket" ? "" : this.state.why });
    this.onChange(this.state);
  }

  #drop() {
    clearTimeout(this.resubscribing);
    const socket = this.socket;
    this.socket = null;
    this.confirmed = false;
    socket?.close();
  }

  #lost(why, notBeforeSeconds = 0) {
    this.#drop();
    if (!this.running) return;
    // Full jitter: after an outage clients must not all connect at the same moment.
    const most = Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** this.attempts++);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.#open(), 1000 * notBeforeSeconds + Math.random() * most);
    this.#unconfirm(why);
  }

  #tick() {
    const now = Date.now();
    if (this.socket) {
      const silent = now - Math.max(this.confirmed ? this.state.heardAt : 0, this.listenedSince);
      if (silent > (this.confirmed ? this.staleAfterMs : OPENING_MOST_MS)) this.#lost("socket_silent");
    }
    if (!this.confirmed && now - (this.polledAt ?? 0) >= Math.min(this.intervalMs, POLL_MOST_MS)) this.#poll();
    this.onChange(this.state);
  }

  async #poll() {
    if (this.polling) return; // one request at a time
    this.polling = true;
    this.polledAt = Date.now();
    const asked = this.etag;
    try {
      const { document, etag } = await this.api.changed("api/health", asked);
      if (!this.running || this.confirmed || (!document && this.etag !== asked)) return; // the socket was faster
      this.etag = etag;
      if (document) this.#keep(document);
      this.#heard("polling");
    } catch (problem) {
      if (!this.running || this.confirmed) return;
      this.state.mode = "offline";
      this.state.why = problem.code ?? "unreachable";
      this.onChange(this.state);
    } finally {
      this.polling = false;
    }
  }

  #keep({ organisations, ...health }) {
    this.state.health = health;
    this.state.organisations = organisations ?? {};
    if (health.advice) this.state.advice = health.advice;
  }
}
