-- Where a learner stands, by lesson and by course. Both can be rebuilt from the events alone.
-- Why these columns: each is a maximum, a minimum or a sum over distinct events, so that order never matters.
-- Why the fill factor: rows are updated far more often than inserted, and room on the page keeps updates in place.

create table rollcall.lesson_progress (
    org_id uuid not null,
    user_id uuid not null,
    course_id text not null,
    lesson_id text not null,
    percent numeric(5, 2),
    first_activity_at timestamptz not null,
    last_activity_at timestamptz not null,
    first_completed_at timestamptz,
    time_spent_seconds bigint not null,
    event_count bigint not null check (event_count > 0),
    primary key (org_id, user_id, course_id, lesson_id)
) with (fillfactor = 80);

create table rollcall.course_progress (
    org_id uuid not null,
    user_id uuid not null,
    course_id text not null,
    percent numeric(5, 2),
    first_activity_at timestamptz not null,
    last_activity_at timestamptz not null,
    first_completed_at timestamptz,
    time_spent_seconds bigint not null,
    event_count bigint not null check (event_count > 0),
    lessons_started integer not null check (lessons_started > 0),
    lessons_completed integer not null check (lessons_completed between 0 and lessons_started),
    primary key (org_id, user_id, course_id)
) with (fillfactor = 80);

call rollcall.secure_organisation_rows('rollcall.lesson_progress');
call rollcall.secure_organisation_rows('rollcall.course_progress');
