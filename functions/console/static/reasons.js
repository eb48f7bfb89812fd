// What a reason means, and what to do: one sentence each, and the runbook that has the rest.

const INDEX = "docs/runbooks/README.md";
const OUTAGE = "docs/runbooks/database-outage.md";
const BACKLOG = "docs/runbooks/queue-backlog.md";
const FLOOD = "docs/runbooks/dead-letter-flood.md";
const JOBS = "docs/runbooks/job-failure-surge.md";
const SILENT = "docs/runbooks/health-is-silent.md";
const SNAPSHOTS = "docs/runbooks/restore-from-snapshot.md";

const REASONS = {
  database_unreachable: ["The database cannot be reached.", "Find out whether it is down or slow. Batches are spooled meanwhile, and safe.", OUTAGE],
  database_latency_p95: ["The database is slow.", "Look for long transactions, and whether connections are used up.", OUTAGE],
  measurement_failed: ["The database answers, and its numbers could not be read.", "Look whether it is slow, and at the logs of health_monitor.", OUTAGE],
  recovering: ["It is getting better.", "Nothing: the status clears when it has been calm for a minute.", INDEX],
  health_stale: ["Nobody watches.", "The health_monitor function has not run for a while: look at its logs and at its schedule.", SILENT],
  progress_lag: ["Progress batches wait on the spool.", "Look whether load stores them: the backlog should shrink.", BACKLOG],
  spool_backlog: ["Many batches wait on the spool.", "Clients were told to slow down; look whether the backlog shrinks.", BACKLOG],
  analytics_lag: ["Analytics batches wait in their queue.", "Look whether load stores them, and whether one organisation floods it.", BACKLOG],
  queued_events: ["Accepted events are neither stored nor dead letters.", "Look at the dead-letter queues and at the logs of load and dead_letters: nothing may be purged before they are found.", BACKLOG],
  queue_latency_p95: ["Batches take long through their queues.", "Look which queue grows, and whether its consumer is throttled.", BACKLOG],
  rollup_lag: ["Rollups are behind, so reports are late.", "Look whether the rollup job runs. Nothing is lost.", BACKLOG],
  dead_letters: ["Many messages are dead letters.", "Look at their causes under Dead letters; redrive once the cause is mended.", FLOOD],
  job_failure_rate: ["Jobs fail.", "Look under Jobs which one, and at the code of its last run.", JOBS],
  jobs_missed: ["A job did not run when it should have.", "Look under Jobs which one, and at its schedule.", JOBS],
  retention: ["Retention failed, or did not run.", "Expired days are kept until it succeeds; look at its last run.", SNAPSHOTS],
  restore_drill: ["The restore drill failed, or did not run.", "Find out whether snapshots can be restored; look at its last run.", SNAPSHOTS],
  organisation_gaps: ["A table is without row-level security.", "It keeps organisations apart: stop deployments, and mend it now.", INDEX],
};

/** Return {what, todo, runbook} of a reason's code; of one that is not known here, where to begin. */
export function explain(code) {
  const [what, todo, runbook] = REASONS[code] ?? ["Something is not as it should be.", "Begin with the first page of the runbooks.", INDEX];
  return { what, todo, runbook };
}
