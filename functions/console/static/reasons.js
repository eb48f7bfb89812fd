// What a reason means, and what to do: one sentence each, and the runbook that has the rest.

const INDEX = "docs/runbooks/README.md";
const OUTAGE = "docs/runbooks/database-outage.md";
const BACKLOG = "docs/runbooks/queue-backlog.md";
const FLOOD = "docs/runbooks/dead-letter-flood.md";
const JOBS = "docs/runbooks/job-failure-surge.md";
const ERRORS = "docs/runbooks/function-errors.md";
const SNAPSHOTS = "docs/runbooks/restore-from-snapshot.md";

const REASONS = [
  [/database_(unreachable|away|down)|store_unavailable/, "The database cannot be reached.", "Find out whether it is down or slow; batches are spooled and safe meanwhile.", OUTAGE],
  [/database|latency_p95|connection/, "The database is slow.", "Look for long transactions and for connections that are used up.", OUTAGE],
  [/dead_letter/, "Messages became dead letters.", "Look at their causes under Dead letters; redrive them once the cause is mended.", FLOOD],
  [/rollup/, "Rollups are behind.", "Reports are late, nothing is lost; look whether the rollup job runs.", BACKLOG],
  [/retention|restore|snapshot/, "Retention or a restore drill failed.", "Days are kept until it succeeds; look at the snapshot that it names.", SNAPSHOTS],
  [/job|missed|drill/, "A job failed, or did not run.", "Look at its last runs under Jobs.", JOBS],
  [/enforcement|isolation/, "A table lacks row-level security.", "Stop deployments and mend it now: organisations are kept apart by it.", INDEX],
  [/error|fail|reject/, "Requests or functions fail.", "Look at the logs of the function that fails.", ERRORS],
  [/spool|backlog|queue|lag|age|latency/, "Batches wait longer than they should.", "Look which queue grows, and whether its consumer runs.", BACKLOG],
];

/** Return {what, todo, runbook} of a reason's code; one that is not known here still says where to look. */
export function explain(code) {
  const found = REASONS.find(([pattern]) => pattern.test(code.toLowerCase()));
  if (!found) return { what: "See the runbooks.", todo: "Begin with the first page.", runbook: INDEX };
  const [, what, todo, runbook] = found;
  return { what, todo, runbook };
}
