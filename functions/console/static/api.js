// A client of the HTTP API for the signed-in person. Every error becomes a Problem with its code and request id.
import { el } from "./dom.js";
import { seconds } from "./format.js";

const PATIENCE_MS = 35_000; // API Gateway's timeout is 30 s

/** The reason for a failed request (RFC 9457). */
export class Problem extends Error {
  constructor({ status, code, detail, requestId = "", retryAfterSeconds = null, faults = [] }) {
    super(detail);
    Object.assign(this, { status, code, detail, requestId, retryAfterSeconds, faults });
  }
}

/** Return whether the same request may succeed later. */
export const isPassing = ({ status }) => status === 0 || status === 429 || status >= 500;

async function send(url, options = {}) {
  try {
    return await fetch(url, { cache: "no-store", credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS), ...options });
  } catch {
    throw new Problem({ status: 0, code: "unreachable", detail: "The API cannot be reached from this browser." });
  }
}

async function read(response) {
  const document = await response.json().catch(() => null);
  if (response.ok && document !== null) return document;
  throw new Problem({
    status: response.status,
    code: document?.code ?? `http_${response.status}`,
    detail: document?.detail ?? document?.message ?? "The answer could not be read.",
    requestId: document?.request_id ?? response.headers.get("apigw-requestid") ?? "",
    retryAfterSeconds: Number(response.headers.get("Retry-After")) || null,
    faults: document?.errors ?? [],
  });
}

/** Return the page's configuration, which needs no token. */
export const readConfiguration = async () => read(await send("console/config.json"));

const never = () => new Promise(() => {});

export class Api {
  constructor(token, onExpired) {
    this.token = token;
    this.onExpired = onExpired;
    this.isClosed = false;
  }

  /** Send no more requests, and drop pending answers: their session has ended. */
  close() {
    this.isClosed = true;
  }

  get = (path, query) => this.#ask("GET", path, query);
  post = (path, body, query) => this.#ask("POST", path, query, body);

  /** Return {document, etag}; the document is null when it still has this `etag`. */
  changed = (path, etag) =>
    this.#while(async () => {
      const response = await this.#send("GET", path, undefined, etag ? { "If-None-Match": etag } : {});
      if (response.status === 304) return { document: null, etag };
      return { document: await read(response), etag: response.headers.get("ETag") };
    });

  #ask(method, path, query, body) {
    const url = query ? `${path}?${new URLSearchParams(query)}` : path;
    return this.#while(async () => read(await this.#send(method, url, body)));
  }

  async #while(asking) {
    if (this.isClosed) return never();
    try {
      const answer = await asking();
      return this.isClosed ? never() : answer;
    } catch (problem) {
      if (this.isClosed) return never();
      if (problem.status === 401) this.onExpired(problem);
      throw problem;
    }
  }

  #send(method, url, body, headers = {}) {
    const sent = { Authorization: `Bearer ${this.token}`, ...headers };
    if (body === undefined) return send(url, { method, headers: sent });
    return send(url, { method, headers: { ...sent, "Content-Type": "application/json" }, body: JSON.stringify(body) });
  }
}

const EXPLAINED = {
  backlog_exceeded:
    "Refused on purpose: too many batches wait for the database. Nothing was changed. Try again when the backlog has drained.",
  store_unavailable: "The database is away, so this cannot be shown or done. Accepted events are safe on their queues.",
};

/** Return a problem as an element: its meaning, its code, its request id. */
export function problemBox(problem) {
  const again = problem.retryAfterSeconds ? ` Try again in ${seconds(problem.retryAfterSeconds)}.` : "";
  const faults = (problem.faults ?? []).map(({ pointer, detail }) => el("li", {}, el("code", {}, pointer), ` ${detail}`));
  return el(
    "div",
    { class: "problem", role: "alert" },
    el("p", {}, (EXPLAINED[problem.code] ?? problem.detail ?? problem.message) + again),
    faults.length > 0 && el("ul", {}, faults),
    el(
      "p",
      { class: "small" },
      problem.status ? `${problem.status} ` : "",
      el("code", {}, problem.code ?? "unexpected"),
      problem.requestId ? [" · request ", el("code", {}, problem.requestId)] : "",
    ),
  );
}
