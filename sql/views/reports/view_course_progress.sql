-- Learners' progress in courses, as reports read it. The caller's row-level security applies.
create or replace view rollcall.view_course_progress with (security_invoker = true) as
select
    org_id,
    user_id,
    course_id,
    percent,
    lessons_started,
    lessons_completed,
    time_spent_seconds,
    event_count,
    first_activity_at,
    first_completed_at,
    last_activity_at
from rollcall.course_progress;

grant select on rollcall.course_progress to rollcall_reader;
grant select on rollcall.view_course_progress to rollcall_reader;
