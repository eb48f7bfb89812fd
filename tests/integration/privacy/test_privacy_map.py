"""Every column that could name a person has its place in an erasure: a forgotten table fails here."""

import pytest

from tests.postgres import ScratchDatabase

# What an erasure does with a column of these types: see sql/procedures/privacy/erase_rows_v1.sql.
OWN = "own"  # names whose row it is: the row goes
MENTION = "mention"  # may name somebody: the mention is taken out
NIL_ORGANISATION = (
    "nobody"  # names no person: ids of events and things, names of Rollcall, digests that cannot be reversed
)
MAP = {
    "active_course_learners": {"user_id": OWN, "course_id": NIL_ORGANISATION},
    "active_learners": {"learner_key": OWN, "source": NIL_ORGANISATION},
    "advice": {},
    # Of the three ledgers: overwritten by entomb_events_v2.
    "analytics_identities": {"event_id": NIL_ORGANISATION, "content_digest": NIL_ORGANISATION},
    "event_identities": {"event_id": NIL_ORGANISATION, "content_digest": NIL_ORGANISATION},
    "progress_identities": {"event_id": NIL_ORGANISATION, "content_digest": NIL_ORGANISATION},
    "alerts": {"name": NIL_ORGANISATION, "detail": NIL_ORGANISATION},
    "analytics_events": {
        **dict.fromkeys(("user_pseudonym", "anonymous_pseudonym", "session_pseudonym"), OWN),
        **dict.fromkeys(("name", "properties", "remarks"), MENTION),
        **dict.fromkeys(("event_id", "key_id", "policy_version"), NIL_ORGANISATION),
    },
    "assignment_requests": {
        "key_digest": NIL_ORGANISATION,
        "content_digest": NIL_ORGANISATION,
        "operation_id": NIL_ORGANISATION,
    },
    "assignments": {"user_id": OWN, "assigned_by": MENTION, "course_id": NIL_ORGANISATION},
    "batch_audit": {
        "sent_by": MENTION,
        "batch_id": NIL_ORGANISATION,
        "route": NIL_ORGANISATION,
        "content_hash": NIL_ORGANISATION,
    },
    "catalogue_changes": {"changed_by": MENTION, "reason": MENTION},
    "course_catalogues": {"item_id": NIL_ORGANISATION},
    "course_cohorts": {"course_id": NIL_ORGANISATION},
    "course_progress": {"user_id": OWN, "course_id": NIL_ORGANISATION},
    "course_statistics": {"course_id": NIL_ORGANISATION},
    "courses": {"course_id": NIL_ORGANISATION},
    "daily_course_rollups": {"course_id": NIL_ORGANISATION},
    "daily_durations": {"source": NIL_ORGANISATION, "name": NIL_ORGANISATION},
    "daily_process_costs": {"process": NIL_ORGANISATION, "cost_currency": NIL_ORGANISATION},
    "daily_process_durations": {"process": NIL_ORGANISATION},
    "daily_process_rollups": {"process": NIL_ORGANISATION},
    "daily_rollups": {"source": NIL_ORGANISATION},
    "dead_letter_counts": {"queue": NIL_ORGANISATION, "cause": NIL_ORGANISATION},
    "dead_letter_events": {"event_id": NIL_ORGANISATION, "dead_letter_id": NIL_ORGANISATION},
    "dead_letter_history": {
        **dict.fromkeys(("acted_by", "reason"), MENTION),
        **dict.fromkeys(("dead_letter_id", "entry_id", "what", "code", "operation_id"), NIL_ORGANISATION),
    },
    "dead_letters": dict.fromkeys(
        ("dead_letter_id", "queue", "cause", "error_code", "state", "body_digest", "archive_key"), NIL_ORGANISATION
    ),
    "erasures": {"digest": NIL_ORGANISATION},
    "hourly_rollups": {"source": NIL_ORGANISATION, "name": NIL_ORGANISATION},
    "job_failure_counts": {"job": NIL_ORGANISATION, "error_code": NIL_ORGANISATION},
    "job_runs": dict.fromkeys(("run_id", "job", "idempotency_key", "error_code"), NIL_ORGANISATION),
    "kept_days": {"table_name": NIL_ORGANISATION},
    "imported_identities": {
        "kind": NIL_ORGANISATION,
        "event_id": NIL_ORGANISATION,
        "content_digest": NIL_ORGANISATION,
    },  # as the ledgers
    "learner_keys": {"key_id": NIL_ORGANISATION},
    "learner_sketches": {"source": NIL_ORGANISATION},
    "learners": {"user_id": OWN},
    "lesson_progress": {"user_id": OWN, "course_id": NIL_ORGANISATION, "lesson_id": NIL_ORGANISATION},
    "lesson_statistics": {"course_id": NIL_ORGANISATION, "lesson_id": NIL_ORGANISATION},
    "lessons": {"course_id": NIL_ORGANISATION, "lesson_id": NIL_ORGANISATION},
    "operations": {
        **dict.fromkeys(("parameters", "requested_by", "reason", "cursor"), MENTION),
        **dict.fromkeys(("operation_id", "source", "counts", "error_code", "lease_id"), NIL_ORGANISATION),
    },
    "operation_turns": {},
    "org_enrollment_stats": {"course_id": NIL_ORGANISATION},
    "organisation_statistics": {},
    "organisations": {},
    "privacy_certificates": {"operation_id": NIL_ORGANISATION, "digest": NIL_ORGANISATION, "certificate": MENTION},
    "pending_assignments": {"user_id": OWN, "operation_id": NIL_ORGANISATION},
    "process_runs": {"process": NIL_ORGANISATION, "request_id": NIL_ORGANISATION, "trace_id": MENTION},
    "progress_events": {
        "user_id": OWN,
        **dict.fromkeys(("assigned_by", "attributes"), MENTION),
        **dict.fromkeys(("event_id", "course_id", "lesson_id"), NIL_ORGANISATION),
    },
    "queued_batches": {"batch_id": NIL_ORGANISATION, "event_ids": NIL_ORGANISATION},
    "rate_buckets": {"subject": OWN},  # erase_learner_v1
    "rate_refusals": {},
    "recalled_files": {"table_name": NIL_ORGANISATION},
    "rejected_events": {"event_id": NIL_ORGANISATION, "reason": NIL_ORGANISATION, "kind": NIL_ORGANISATION},
    "report_pass_keys": {"inner_key": NIL_ORGANISATION, "outer_key": NIL_ORGANISATION},
    "restore_drills": dict.fromkeys(("drill_id", "table_name", "failure_code"), NIL_ORGANISATION),
    "rollup_offsets": {"source": NIL_ORGANISATION},
    "rollup_stale_days": {},
    "rollup_tickets": {"ticket_id": NIL_ORGANISATION},
    "schema_migrations": {"name": NIL_ORGANISATION, "checksum": NIL_ORGANISATION},
    "scratch_tables": {
        "scratch_id": NIL_ORGANISATION,
        "table_name": NIL_ORGANISATION,
    },  # the tables themselves are of events
    "snapshot_days": dict.fromkeys(("table_name", "manifest_digest", "failure_code", "lease_id"), NIL_ORGANISATION),
    "snapshots": {
        "last_key": MENTION,  # of progress events it has a learner
        **dict.fromkeys(("table_name", "object_key", "object_digest", "content_digest"), NIL_ORGANISATION),
    },
    "watched_jobs": {"job": NIL_ORGANISATION},
    "write_keys": {
        **dict.fromkeys(("label", "created_by", "revoked_by"), MENTION),
        **dict.fromkeys(("write_key_id", "replaces_id", "secret_digest"), NIL_ORGANISATION),
    },
}

# Columns of types that can hold an identifier. Numbers, times, flags and enumerations cannot.
COLUMNS = """
select coalesce(parent.relname, pg_class.relname), attname
from pg_class
inner join pg_attribute on pg_class.oid = attrelid and attnum > 0 and not attisdropped
inner join pg_type on atttypid = pg_type.oid
left join pg_inherits on pg_class.oid = inhrelid
left join pg_class as parent on inhparent = parent.oid
where pg_class.relnamespace = 'rollcall'::regnamespace
    and pg_class.relkind in ('r', 'p')
    and attname <> 'org_id'
    and (
        typname in ('uuid', '_uuid', 'text', '_text', 'varchar', 'name', 'json', 'jsonb', 'bytea', '_bytea', 'inet')
    )
"""
REDACTED = "select rollcall.redaction_v1(%s::regclass)"


def columns(clone: ScratchDatabase) -> set[tuple[str, str]]:
    return {(table, column) for table, column in clone.rows(COLUMNS)}


def known() -> set[tuple[str, str]]:
    return {(table, column) for table, named in MAP.items() for column in named}


def test_every_column_has_its_place(clone: ScratchDatabase) -> None:
    """Each table and column states here what an erasure does with it, or that it cannot name a person."""
    assert columns(clone) == known()


@pytest.mark.parametrize("addition", ["user_id uuid not null", "student_pseudonym text", "payload jsonb"])
def test_a_forgotten_table_would_be_found(clone: ScratchDatabase, addition: str) -> None:
    """Given a table with a column that could name a person, the walk above names it."""
    clone.execute(f"create table rollcall.forgotten (org_id uuid not null, {addition})")
    assert columns(clone) - known() == {("forgotten", addition.split(maxsplit=1)[0])}


def test_the_procedures_agree_with_the_map(clone: ScratchDatabase) -> None:
    """Rows go by the very columns that the map calls own; the others that may name somebody are redacted."""
    for table, named in MAP.items():
        own = {column for column, meaning in named.items() if meaning == OWN}
        ((columns_of,),) = clone.rows("select rollcall.learner_columns_v1(%s)", (table,))
        assert set(columns_of or ()) == own - {"subject"}, table
        ((assignments,),) = clone.rows(REDACTED, (f"rollcall.{table}",))
        for column, meaning in named.items():
            if meaning == MENTION:
                assert f"{column} = " in assignments, (table, column)
