"""The catalog itself keeps organisations apart: every table, partition, view, function and grant is looked at."""

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from tests.postgres import LAST_DAY, ScratchDatabase

# Tables without rows of an organisation; dead_letter_counts counts failures by hour, queue and cause, whoever's they
# were, for the people on call of the whole deployment. Whatever is not named here has org_id and its policy.
WITHOUT_ORGANISATION = {
    "schema_migrations",
    "advice",
    "rate_buckets",
    "dead_letter_counts",
    "job_runs",
    # A day of a table is dropped for everybody at once, and kept for everybody.
    "snapshot_days",
    "kept_days",
    "job_failure_counts",
    "watched_jobs",
    "alerts",
    # Keys of the whole deployment, which no role but the owner may read.
    "report_pass_keys",
}
# The grants of each role beside the owner. Anything that is not named here is granted to no role.
GRANTS_ON_TABLES = {
    ("rollcall_reader", "course_cohorts", "SELECT"),
    ("rollcall_reader", "course_progress", "SELECT"),
    ("rollcall_reader", "course_statistics", "SELECT"),
    ("rollcall_reader", "daily_course_rollups", "SELECT"),
    ("rollcall_reader", "daily_durations", "SELECT"),
    ("rollcall_reader", "daily_rollups", "SELECT"),
    ("rollcall_reader", "hourly_rollups", "SELECT"),
    ("rollcall_reader", "lesson_statistics", "SELECT"),
    ("rollcall_reader", "org_enrollment_stats", "SELECT"),
    ("rollcall_reader", "organisation_statistics", "SELECT"),
    ("rollcall_reader", "view_admin_overview", "SELECT"),
    ("rollcall_reader", "view_course_completion", "SELECT"),
    ("rollcall_reader", "view_course_engagement", "SELECT"),
    ("rollcall_reader", "view_course_progress", "SELECT"),
    ("rollcall_reader", "view_lesson_dropoff", "SELECT"),
}
GRANTS_ON_FUNCTIONS = {
    ("rollcall_app", "announce_batches_v1"),
    ("rollcall_app", "current_org_ids"),
    ("rollcall_app", "find_barred_v1"),
    ("rollcall_app", "find_write_key_v1"),
    ("rollcall_app", "read_catalogue_v1"),
    ("rollcall_app", "keep_learner_keys_v1"),
    ("rollcall_app", "ingest_analytics_v1"),
    ("rollcall_app", "ingest_progress_v1"),
    ("rollcall_app", "note_rejections_v1"),
    ("rollcall_app", "note_rejections_v2"),
    ("rollcall_app", "read_advice_v1"),
    ("rollcall_app", "record_dead_letter_v1"),
    ("rollcall_app", "resolve_dead_letter_v1"),
    ("rollcall_app", "withdraw_batches_v1"),
    ("rollcall_ops", "active_learners_between_v1"),
    ("rollcall_ops", "advance_operation_v1"),
    ("rollcall_ops", "age_out_v1"),
    ("rollcall_ops", "assign_learners_v1"),
    ("rollcall_ops", "begin_snapshot_v1"),
    ("rollcall_ops", "cancel_operation_v1"),
    ("rollcall_ops", "check_enforcement_v1"),
    ("rollcall_ops", "choose_operation_v1"),
    ("rollcall_ops", "choose_snapshot_v1"),
    ("rollcall_ops", "claim_digest_v1"),
    ("rollcall_ops", "claim_job_failures_v1"),
    ("rollcall_ops", "confirm_digest_v1"),
    ("rollcall_ops", "confirm_job_failures_v1"),
    ("rollcall_ops", "count_connections_v1"),
    ("rollcall_ops", "count_namesakes_v1"),
    ("rollcall_ops", "count_open_dead_letters_v1"),
    ("rollcall_ops", "count_outdated_analytics_v1"),
    ("rollcall_ops", "count_pending_assignments_v1"),
    ("rollcall_ops", "import_analytics_v1"),
    ("rollcall_ops", "import_progress_v1"),
    ("rollcall_ops", "list_unrecalled_v1"),
    ("rollcall_ops", "open_import_days_v1"),
    ("rollcall_ops", "recall_events_v1"),
    ("rollcall_ops", "keep_learner_keys_v1"),
    ("rollcall_ops", "create_write_key_v2"),
    ("rollcall_ops", "current_org_ids"),
    ("rollcall_ops", "default_partition_bytes_v1"),
    ("rollcall_ops", "describe_jobs_v1"),
    ("rollcall_ops", "discard_dead_letters_v2"),
    ("rollcall_ops", "drop_scratch_v1"),
    ("rollcall_ops", "drop_snapshotted_day_v1"),
    ("rollcall_ops", "due_report_refreshes_v1"),
    ("rollcall_ops", "duration_percentiles_v1"),
    ("rollcall_ops", "end_job_v1"),
    ("rollcall_ops", "entomb_events_v1"),
    ("rollcall_ops", "entomb_events_v2"),
    ("rollcall_ops", "erase_learner_v1"),
    ("rollcall_ops", "erase_rows_v1"),
    ("rollcall_ops", "find_barred_v1"),
    ("rollcall_ops", "find_event_v1"),
    ("rollcall_ops", "find_event_v2"),
    ("rollcall_ops", "finish_privacy_v1"),
    ("rollcall_ops", "fold_events_v1"),
    ("rollcall_ops", "forget_job_runs_v1"),
    ("rollcall_ops", "forget_snapshot_v1"),
    ("rollcall_ops", "ingest_analytics_v1"),
    ("rollcall_ops", "ingest_progress_v1"),
    ("rollcall_ops", "is_turn_over_v1"),
    ("rollcall_ops", "lease_operation_v1"),
    ("rollcall_ops", "lease_snapshot_v1"),
    ("rollcall_ops", "list_dead_letters_v1"),
    ("rollcall_ops", "list_expired_days_v1"),
    ("rollcall_ops", "list_exports_v1"),
    ("rollcall_ops", "list_job_runs_v1"),
    ("rollcall_ops", "list_operations_v1"),
    ("rollcall_ops", "list_past_snapshots_v1"),
    ("rollcall_ops", "list_process_events_v1"),
    ("rollcall_ops", "list_redrive_results_v1"),
    ("rollcall_ops", "list_snapshot_files_v1"),
    ("rollcall_ops", "list_unsettled_snapshots_v1"),
    ("rollcall_ops", "list_unwritten_v1"),
    ("rollcall_ops", "list_catalogue_changes_v1"),
    ("rollcall_ops", "list_write_keys_v2"),
    ("rollcall_ops", "make_partitions_v1"),
    ("rollcall_ops", "mark_redriven_v1"),
    ("rollcall_ops", "measure_jobs_v1"),
    ("rollcall_ops", "measure_organisations_v1"),
    ("rollcall_ops", "measure_queues_v1"),
    ("rollcall_ops", "measure_waits_v1"),
    ("rollcall_ops", "note_alert_v1"),
    ("rollcall_ops", "note_restore_drill_v1"),
    ("rollcall_ops", "note_snapshot_file_v1"),
    ("rollcall_ops", "note_verified_v1"),
    ("rollcall_ops", "open_restore_v1"),
    ("rollcall_ops", "process_health_v1"),
    ("rollcall_ops", "process_rollup_v1"),
    ("rollcall_ops", "purge_analytics_v1"),
    ("rollcall_ops", "purge_progress_v1"),
    ("rollcall_ops", "read_advice_v1"),
    ("rollcall_ops", "read_alerts_v1"),
    ("rollcall_ops", "read_certificate_v1"),
    ("rollcall_ops", "read_dead_letter_v1"),
    ("rollcall_ops", "read_operation_v1"),
    ("rollcall_ops", "read_outdated_analytics_v1"),
    ("rollcall_ops", "read_scratch_page_v1"),
    ("rollcall_ops", "read_snapshot_day_v1"),
    ("rollcall_ops", "read_snapshot_page_v1"),
    ("rollcall_ops", "rebase_rollups_v1"),
    ("rollcall_ops", "rebuild_rollup_day_v1"),
    ("rollcall_ops", "rebuild_rollups_v1"),
    ("rollcall_ops", "rebuild_stale_day_v1"),
    ("rollcall_ops", "refresh_reports_v1"),
    ("rollcall_ops", "release_operation_v2"),
    ("rollcall_ops", "release_overdue_runs_v1"),
    ("rollcall_ops", "release_rollup_ticket_v1"),
    ("rollcall_ops", "release_snapshot_v1"),
    ("rollcall_ops", "replace_snapshot_file_v1"),
    ("rollcall_ops", "replay_progress_v1"),
    ("rollcall_ops", "request_assignments_v1"),
    ("rollcall_ops", "request_operation_v1"),
    ("rollcall_ops", "restore_events_v1"),
    ("rollcall_ops", "read_catalogue_v1"),
    ("rollcall_ops", "set_catalogue_v1"),
    ("rollcall_ops", "revoke_write_key_v2"),
    ("rollcall_ops", "rewrite_analytics_v1"),
    ("rollcall_ops", "rollup_backlog_v1"),
    ("rollcall_ops", "rollup_lag_v1"),
    ("rollcall_ops", "rotate_write_key_v1"),
    ("rollcall_ops", "seal_snapshot_v1"),
    ("rollcall_ops", "search_rows_v1"),
    ("rollcall_ops", "searched_tables_v1"),
    ("rollcall_ops", "select_dead_letters_v1"),
    ("rollcall_ops", "settle_default_partitions_v1"),
    ("rollcall_ops", "start_job_v1"),
    ("rollcall_ops", "take_test_alert_v1"),
    ("rollcall_ops", "withdraw_snapshot_v1"),
    ("rollcall_ops", "withdraw_stale_batches_v1"),
    ("rollcall_ops", "write_advice_v1"),
    ("rollcall_reader", "current_org_ids"),
    ("rollcall_reader", "duration_percentile_v1"),
    ("rollcall_reader", "present_report_pass_v1"),
    ("rollcall_reader", "report_activity_v1"),
    ("rollcall_reader", "report_completion_v1"),
    ("rollcall_reader", "report_engagement_v1"),
    ("rollcall_reader", "report_enrollment_v1"),
    ("rollcall_reader", "report_lesson_dropoff_v1"),
    ("rollcall_reader", "report_overview_v1"),
    ("rollcall_reader", "report_pass_org_ids"),
}
ROLES = ["rollcall_app", "rollcall_ops", "rollcall_owner", "rollcall_reader"]

UNSECURED_TABLES = """
select pg_class.relname
from pg_class
left join pg_attribute as org_id
    on pg_class.oid = org_id.attrelid and org_id.attname = 'org_id' and not org_id.attisdropped
where pg_class.relnamespace = 'rollcall'::regnamespace
    and pg_class.relkind in ('r', 'p', 'm', 'f')
    and pg_class.relname <> all (%s)
    and (
        -- A materialised view and a foreign table know no policies at all.
        pg_class.relkind not in ('r', 'p')
        or org_id.attnum is null
        or org_id.atttypid <> 'uuid'::regtype
        or not org_id.attnotnull
        or not pg_class.relrowsecurity
        or not pg_class.relforcerowsecurity
        or (
            select array_agg(row(policyname, permissive, roles, cmd, qual, with_check))::text
            from pg_policies where schemaname = 'rollcall' and tablename = pg_class.relname
                -- Each exception has a test of its own: here, and in test_report_passes.py.
                and (policyname <> 'scheduled_jobs' or tablename <> 'organisations')
                and (policyname <> 'report_pass' or permissive = 'PERMISSIVE')
        ) is distinct from (
            select array_agg(row(policyname, permissive, roles, cmd, qual, with_check))::text
            from pg_policies where schemaname = 'rollcall' and tablename = 'learners'
        )
    )
order by 1
"""


@pytest.fixture(params=["as migrated", "with later partitions"])
def catalog(request: pytest.FixtureRequest, clone: ScratchDatabase) -> Iterator[psycopg.Connection]:
    """The catalog after a migration, and after the schedule made partitions that no migration knew."""
    if request.param == "with later partitions":
        with clone.connect("rollcall_ops") as operator:
            later = (LAST_DAY + timedelta(days=1), LAST_DAY + timedelta(days=3))
            made = operator.execute("select rollcall.make_partitions_v1(%s, %s)", later).fetchone()
            assert made == (6,)
    with clone.connect() as connection:
        yield connection


def names(catalog: psycopg.Connection, query: str, *parameters: object) -> list[str]:
    return [name for (name,) in catalog.execute(query.encode(), parameters or None).fetchall()]


def test_every_table_and_partition_has_its_organisation_and_policy(catalog: psycopg.Connection) -> None:
    """org_id uuid not null, row-level security on and forced, and one policy, the same everywhere."""
    assert names(catalog, UNSECURED_TABLES, list(WITHOUT_ORGANISATION)) == []


def test_the_policy_is_the_one_that_is_meant(catalog: psycopg.Connection) -> None:
    """One policy named organisation, for all commands and all roles, that asks the transaction's organisations."""
    (policy,) = catalog.execute(
        "select policyname, permissive, roles::text, cmd, qual, with_check from pg_policies"
        " where schemaname = 'rollcall' and tablename = 'learners'"
    ).fetchall()
    assert policy[:4] == ("organisation", "PERMISSIVE", "{public}", "ALL")
    assert "org_id = ANY" in policy[4]
    assert "rollcall.current_org_ids()" in policy[4]
    assert policy[5] is None, "what may be written is what may be read"


def test_only_the_owners_jobs_list_organisations(catalog: psycopg.Connection) -> None:
    """The one policy beside it: the owner's own procedures may read the list of organisations, when they say so."""
    rows = catalog.execute(
        "select tablename, permissive, roles::text, cmd, qual, with_check from pg_policies"
        " where schemaname = 'rollcall' and policyname not in ('organisation', 'report_pass')"
    ).fetchall()
    assert rows == [
        (
            "organisations",
            "PERMISSIVE",
            "{rollcall_owner}",
            "SELECT",
            "(current_setting('rollcall.scope'::text, true) = 'all_organisations'::text)",
            None,
        )
    ]


def test_tables_without_organisation_are_named(catalog: psycopg.Connection) -> None:
    """The exceptions exist, and none of them has an org_id after all."""
    found = names(
        catalog,
        "select relname from pg_class where relnamespace = 'rollcall'::regnamespace and relkind in ('r', 'p')"
        " and not exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'org_id')",
    )
    assert set(found) == WITHOUT_ORGANISATION


SECURED = (
    "create table rollcall.mistake (like rollcall.learners);"
    " call rollcall.secure_organisation_rows('rollcall.mistake');"
)
MISTAKES = {
    "no policy": "create table rollcall.mistake (org_id uuid not null)",
    "no organisation": "create table rollcall.mistake (number integer)",
    "null organisation": "create table rollcall.mistake (org_id uuid);"
    "call rollcall.secure_organisation_rows('rollcall.mistake')",
    "organisation as text": "create table rollcall.mistake (org_id text not null)",
    "materialised view": "create materialized view rollcall.mistake as select * from rollcall.learners",
    "partition in place": "create table rollcall.mistake partition of rollcall.progress_events"
    " for values from ('2030-01-01') to ('2030-01-02')",
    "not forced": f"{SECURED} alter table rollcall.mistake no force row level security",
    "two policies": f"{SECURED} create policy another on rollcall.mistake using (true)",
    "other policy": f"{SECURED} alter policy organisation on rollcall.mistake using (true)",
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_would_be_found(clone: ScratchDatabase, mistake: str) -> None:
    """Given a table that is not as it must be, the walk above names it."""
    clone.execute(mistake)
    with clone.connect() as catalog:
        assert names(catalog, UNSECURED_TABLES, list(WITHOUT_ORGANISATION)) == ["mistake"]


def test_privileges_on_tables_are_those_that_are_named(catalog: psycopg.Connection) -> None:
    """Only the owner has privileges on tables, views, sequences and columns; the reader on reports."""
    on_tables = catalog.execute(
        "select coalesce(grantee.rolname, 'public'), relname, privilege_type"
        " from pg_class cross join lateral aclexplode(relacl) as acl"
        " left join pg_roles as grantee on acl.grantee = grantee.oid"
        " where relnamespace = 'rollcall'::regnamespace and acl.grantee <> relowner"
    ).fetchall()
    on_columns = names(
        catalog,
        "select attname from pg_attribute inner join pg_class on attrelid = pg_class.oid"
        " where relnamespace = 'rollcall'::regnamespace and attacl is not null",
    )
    assert set(on_tables) == GRANTS_ON_TABLES
    assert on_columns == []


def test_privileges_on_functions_are_those_that_are_named(catalog: psycopg.Connection) -> None:
    """Each role may call its procedures and no other; public none, also of those that a later migration makes."""
    catalog.execute("set role rollcall_owner")
    catalog.execute("create function rollcall.later() returns integer return 1")
    catalog.execute("reset role")
    granted = catalog.execute(
        "select coalesce(grantee.rolname, 'public'), proname"
        " from pg_proc cross join lateral aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl"
        " left join pg_roles as grantee on acl.grantee = grantee.oid"
        " where pronamespace = 'rollcall'::regnamespace and acl.grantee <> proowner"
    ).fetchall()
    assert set(granted) == GRANTS_ON_FUNCTIONS


def test_functions_that_act_as_their_owner_fix_their_search_path(catalog: psycopg.Connection) -> None:
    """A security definer function finds rollcall first and pg_temp last, so no caller can slip in another table."""
    loose = names(
        catalog,
        "select proname from pg_proc where pronamespace = 'rollcall'::regnamespace and prosecdef"
        " and not coalesce('search_path=rollcall, pg_temp' = any (proconfig), false)",
    )
    assert loose == []


def test_views_ask_as_their_invoker(catalog: psycopg.Connection) -> None:
    """A view that acted as its owner would show what its reader may not see."""
    loose = names(
        catalog,
        "select relname from pg_class where relnamespace = 'rollcall'::regnamespace and relkind = 'v'"
        " and not coalesce('security_invoker=true' = any (reloptions), false)",
    )
    assert loose == []


def test_everything_belongs_to_the_owner_role(catalog: psycopg.Connection) -> None:
    """No table, view or function belongs to the administrator, whom nothing binds."""
    others = names(
        catalog,
        "select relname from pg_class where relnamespace = 'rollcall'::regnamespace"
        " and relowner <> 'rollcall_owner'::regrole"
        " union all select proname from pg_proc where pronamespace = 'rollcall'::regnamespace"
        " and proowner <> 'rollcall_owner'::regrole",
    )
    assert others == []


def test_no_role_is_above_the_policies_or_another_role(catalog: psycopg.Connection) -> None:
    """Our roles are neither superuser nor bypass row-level security, make nothing, and are members of nothing."""
    plain = names(
        catalog,
        "select rolname from pg_roles where rolname = any (%s)"
        " and not (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)"
        " and not exists (select from pg_auth_members where member = pg_roles.oid) order by 1",
        ROLES,
    )
    assert plain == ROLES


def test_no_role_but_the_owner_makes_anything_in_the_schema(catalog: psycopg.Connection) -> None:
    """Only the owner creates in the schema; public does not even look into it, nor create in `public`."""
    creators = names(
        catalog,
        "select rolname from pg_roles where rolname = any (%s) and has_schema_privilege(oid, 'rollcall', 'create')",
        ROLES,
    )
    assert creators == ["rollcall_owner"]
    assert catalog.execute(
        "select has_schema_privilege('rollcall_app', 'public', 'create'),"
        " exists (select from pg_namespace, aclexplode(nspacl) as acl where nspname = 'rollcall' and acl.grantee = 0)"
    ).fetchall() == [(False, False)]


def test_limits_of_time_belong_to_the_roles(catalog: psycopg.Connection) -> None:
    """The app role gives up a statement, a lock and an idle transaction by itself, whatever the connection says."""
    rows = catalog.execute("select rolname, rolconfig from pg_roles where rolname = any (%s)", (ROLES,)).fetchall()
    limits = {role: config for role, config in rows if config}
    assert sorted(limits["rollcall_app"]) == [
        "default_transaction_isolation=read committed",
        "idle_in_transaction_session_timeout=10s",
        "lock_timeout=4s",
        "statement_timeout=5s",
    ]
    assert sorted(limits["rollcall_ops"]) == ["default_transaction_isolation=read committed", "lock_timeout=5s"]
    assert sorted(limits["rollcall_reader"]) == [
        "default_transaction_read_only=on",
        "idle_in_transaction_session_timeout=60s",
        "statement_timeout=30s",
    ]
    assert set(limits) == {"rollcall_app", "rollcall_ops", "rollcall_reader"}
