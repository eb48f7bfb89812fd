-- What reports read beside the rollups: counts by organisation, course and lesson, never a person. A schedule brings
-- them up to date from the projections (refresh_reports_v1), and writes only the rows that differ.
-- Why tables: an organisation with ten million events has some 1.5 million rows of lesson_progress, and grouping those
-- takes a second; reading what was counted takes a millisecond. Why not materialised views: those know no row-level
-- security, and refresh all organisations for the sake of one.

-- One row an organisation: its figures, and how fresh everything here is.
create table rollcall.organisation_statistics (
    org_id uuid primary key,
    learner_count integer not null,
    course_count integer not null,
    lesson_count integer not null,
    active_learner_count_7_days integer not null,
    active_learner_count_28_days integer not null,
    event_count bigint not null,
    time_spent_seconds bigint not null,
    completed_lesson_count bigint not null,
    completed_course_count bigint not null,
    open_dead_letter_count integer not null,
    rejected_event_count bigint not null,
    as_of timestamptz not null,
    -- Whatever a transaction before this one stored is counted; what later ones stored is news.
    refreshed_xid xid8 not null,
    -- How long the last refresh took: the next one waits for a multiple of it.
    refresh_seconds double precision not null
);

create table rollcall.course_statistics (
    org_id uuid not null,
    course_id text not null,
    lesson_count integer not null,
    learner_count integer not null,
    active_learner_count_7_days integer not null,
    active_learner_count_28_days integer not null,
    event_count bigint not null,
    time_spent_seconds bigint not null,
    average_percent numeric(5, 2),
    first_activity_at timestamptz not null,
    last_activity_at timestamptz not null,
    primary key (org_id, course_id)
);

-- Learners by the day on which they began a course, and by how many whole days they took to complete it; null for those
-- who have not. Completion over any window of beginnings, and its median, are sums of these.
create table rollcall.course_cohorts (
    org_id uuid not null,
    course_id text not null,
    started_on date not null,
    days_to_complete integer check (days_to_complete >= 0),
    learner_count integer not null check (learner_count > 0),
    unique nulls not distinct (org_id, course_id, started_on, days_to_complete)
);

create table rollcall.lesson_statistics (
    org_id uuid not null,
    course_id text not null,
    lesson_id text not null,
    -- 1 is the lesson of its course that most learners reached.
    reach_rank integer not null check (reach_rank > 0),
    started_count integer not null,
    completed_count integer not null,
    current_count integer not null,
    dropped_count integer not null,
    time_spent_seconds bigint not null,
    average_percent numeric(5, 2),
    primary key (org_id, course_id, lesson_id)
);

create table rollcall.org_enrollment_stats (
    org_id uuid not null,
    course_id text not null,
    enrolled_count integer not null,
    assigned_count integer not null,
    not_started_count integer not null,
    in_progress_count integer not null,
    completed_count integer not null,
    overdue_count integer not null,
    primary key (org_id, course_id),
    check (enrolled_count = not_started_count + in_progress_count + completed_count)
);

call rollcall.secure_organisation_rows('rollcall.organisation_statistics');
call rollcall.secure_organisation_rows('rollcall.course_statistics');
call rollcall.secure_organisation_rows('rollcall.course_cohorts');
call rollcall.secure_organisation_rows('rollcall.lesson_statistics');
call rollcall.secure_organisation_rows('rollcall.org_enrollment_stats');
