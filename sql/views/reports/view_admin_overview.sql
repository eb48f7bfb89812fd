-- An organisation at a glance: one row. The caller's row-level security applies.
create or replace view rollcall.view_admin_overview with (security_invoker = true) as
select
    org_id,
    learner_count,
    course_count,
    lesson_count,
    active_learner_count_7_days,
    active_learner_count_28_days,
    event_count,
    time_spent_seconds,
    completed_lesson_count,
    completed_course_count,
    open_dead_letter_count,
    rejected_event_count,
    as_of
from rollcall.organisation_statistics;

grant select on rollcall.view_admin_overview to rollcall_reader;
