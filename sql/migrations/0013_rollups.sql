-- Rollups: what reports read instead of events. Counts by hour, day and course, who was active, how long things took.
-- Why no clock values: a day that is computed again from its events gives the same bytes.
-- Why one source beside the other: a progress event knows the learner, an analytics event a pseudonym, and only the key
-- that nobody here has could tell that two of them are one. docs/rollups.md says how all of it is kept right.

-- How far each source of an organisation is folded: every event of this transaction id or a lower one is, no other.
-- Why from 2 on: PostgreSQL gives no transaction an id below 3, so such ids mark events that are not new, however they
-- came here; a rebuild counts them as well.
-- Why the cluster: transaction ids belong to it. In another one, after a dump and restore, these say nothing.
create table rollcall.rollup_offsets (
    org_id uuid not null,
    source text not null check (source in ('progress', 'analytics')),
    stored_xid xid8 not null default '2',
    cluster_id bigint not null,
    primary key (org_id, source)
) with (fillfactor = 50);

-- Whoever changes rollups of an organisation locks its row here: one at a time. The ticket tells which message is the
-- one that works on the organisation, however often it is delivered; a lost message's ticket expires.
create table rollcall.rollup_tickets (
    org_id uuid primary key,
    ticket_id uuid,
    ticket_until timestamptz,
    check ((ticket_id is null) = (ticket_until is null))
) with (fillfactor = 50);

-- Days whose stored events were changed after they were folded: to be computed again.
create table rollcall.rollup_stale_days (
    org_id uuid not null,
    day date not null,
    primary key (org_id, day)
);

create table rollcall.hourly_rollups (
    org_id uuid not null,
    source text not null check (source in ('progress', 'analytics')),
    hour_at timestamptz not null,
    name text not null, -- noqa: RF04
    event_count bigint not null check (event_count > 0),
    completed_count bigint not null check (completed_count between 0 and event_count),
    time_spent_seconds bigint not null check (time_spent_seconds >= 0),
    primary key (org_id, source, hour_at, name)
) with (fillfactor = 80);

-- active_learner_count is the number of rows in active_learners, for as long as that has them. Retention drops a day's
-- events: then the day is frozen, its learners are forgotten, and the number stays.
create table rollcall.daily_rollups (
    org_id uuid not null,
    source text not null check (source in ('progress', 'analytics')),
    day date not null,
    event_count bigint not null check (event_count > 0),
    completed_count bigint not null check (completed_count between 0 and event_count),
    time_spent_seconds bigint not null check (time_spent_seconds >= 0),
    active_learner_count bigint not null check (active_learner_count >= 0),
    is_frozen boolean not null default false,
    primary key (org_id, source, day)
) with (fillfactor = 80);

-- Of progress events: analytics events need not name a course.
create table rollcall.daily_course_rollups (
    org_id uuid not null,
    day date not null,
    course_id text not null,
    event_count bigint not null check (event_count > 0),
    completed_count bigint not null check (completed_count between 0 and event_count),
    time_spent_seconds bigint not null check (time_spent_seconds >= 0),
    active_learner_count bigint not null check (active_learner_count >= 0),
    primary key (org_id, day, course_id)
) with (fillfactor = 80);

-- A histogram of milliseconds with buckets in geometric steps: see duration_bucket_v1.
create table rollcall.daily_durations (
    org_id uuid not null,
    source text not null check (source in ('progress', 'analytics')),
    day date not null,
    name text not null, -- noqa: RF04
    bucket integer not null,
    duration_count bigint not null check (duration_count > 0),
    primary key (org_id, source, day, name, bucket)
) with (fillfactor = 80);

-- Who was active: person-level, gone with the day's events. learner_key is a user_id (progress), or the 32 hex digits
-- of a pseudonym as a uuid (analytics).
create table rollcall.active_learners (
    org_id uuid not null,
    source text not null check (source in ('progress', 'analytics')),
    day date not null,
    learner_key uuid not null,
    primary key (org_id, source, day, learner_key)
);

create table rollcall.active_course_learners (
    org_id uuid not null,
    day date not null,
    course_id text not null,
    user_id uuid not null,
    primary key (org_id, day, course_id, user_id)
);

-- What a frozen day keeps of who was active: registers of HyperLogLog, each as register * 64 + rank, in order. Days can
-- be merged, and no learner be found in them by name.
create table rollcall.learner_sketches (
    org_id uuid not null,
    source text not null check (source in ('progress', 'analytics')),
    day date not null,
    registers integer[] not null,
    primary key (org_id, source, day)
);

call rollcall.secure_organisation_rows('rollcall.rollup_offsets');
call rollcall.secure_organisation_rows('rollcall.rollup_tickets');
call rollcall.secure_organisation_rows('rollcall.rollup_stale_days');
call rollcall.secure_organisation_rows('rollcall.hourly_rollups');
call rollcall.secure_organisation_rows('rollcall.daily_rollups');
call rollcall.secure_organisation_rows('rollcall.daily_course_rollups');
call rollcall.secure_organisation_rows('rollcall.daily_durations');
call rollcall.secure_organisation_rows('rollcall.active_learners');
call rollcall.secure_organisation_rows('rollcall.active_course_learners');
call rollcall.secure_organisation_rows('rollcall.learner_sketches');
