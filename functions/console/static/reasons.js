// The meaning of each reason, what to do, and its runbook.

const INDEX = "docs/runbooks/README.md";
const OUTAGE = "docs/runbooks/database-outage.md";
const BACKLOG = "docs/runbooks/queue-backlog.md";
const FLOOD = "docs/runbooks/dead-letter-flood.md";
const JOBS = "docs/runbooks/job-failure-surge.md";
const SILENT = "docs/runbooks/health-is-silent.md";
const SNAPSHOTS = "docs/runbooks/restore-from-snapshot.md";

const REASONS = {
  database_unreachable: ["The database cannot be reached.", "Find out whether it is down or slow. Batches are spooled meanwhile. No event is lost.", OUTAGE],
  database_latency_p95: ["The database is slow.", "Look for long transactions, and check whether all connections are in use.", OUTAGE],
  measurement_failed: ["The database answers, but its numbers could not be read.", "Check whether it is slow, and read the logs of health_monitor.", OUTAGE],
  recovering: ["The system is recovering.", "Nothing to do: the status becomes ok after a calm minute.", INDEX],
  health_stale: ["Health is not measured.", "The function health_monitor has not run for a while. Look at its logs and its schedule.", SILENT],
  progress_lag: ["Progress batches wait on the spool.", "Check that load stores them: the backlog should shrink.", BACKLOG],
  spool_backlog: ["Many batches wait on the spool.", "Clients got the advice to slow down. Check that the backlog shrinks.", BACKLOG],
  analytics_lag: ["Analytics batches wait in their queue.", "Check that load stores them, and whether one organisation floods the queue.", BACKLOG],
  queued_events: ["Accepted events are neither stored nor dead letters.", "Look at the dead-letter queues and at the logs of load and dead_letters. Purge no queue before these events are found.", BACKLOG],
  queue_latency_p95: ["Batches wait long in their queues.", "Find the queue that grows, and check whether its consumer is throttled.", BACKLOG],
  rollup_lag: ["Rollups are behind, so reports are late.", "Check that the job rollup runs. No event is lost.", BACKLOG],
  dead_letters: ["Many messages are dead letters.", "Look at their causes under Dead letters. Redrive them when the cause is fixed.", FLOOD],
  job_failure_rate: ["Jobs fail.", "Find the job under Jobs, and look at the code of its last run.", JOBS],
  jobs_missed: ["A job did not run when it should have.", "Find the job under Jobs, and look at its schedule.", JOBS],
  retention: ["Retention failed, or did not run.", "Expired days are kept until it succeeds. Look at its last run.", SNAPSHOTS],
  restore_drill: ["The restore drill failed, or did not run.", "Find out whether snapshots can be restored. Look at its last run.", SNAPSHOTS],
  organisation_gaps: ["A table is without row-level security.", "One organisation could read another's rows. Stop deployments, and fix it now.", INDEX],
};

/** Return {what, todo, runbook} for a reason's code. An unknown code gets general advice. */
export function explain(code) {
  const [what, todo, runbook] = REASONS[code] ?? ["An unknown reason.", "Start with the first page of the runbooks.", INDEX];
  return { what, todo, runbook };
}
