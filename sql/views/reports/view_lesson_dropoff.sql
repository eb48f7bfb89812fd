-- Where learners leave: the lessons of each course in order of reach, with the number of learners who began it,
-- completed it, are at it now, or left the course there. The caller's row-level security applies.
create or replace view rollcall.view_lesson_dropoff with (security_invoker = true) as
select
    lesson.org_id,
    lesson.course_id,
    lesson.reach_rank,
    lesson.lesson_id,
    lesson.started_count,
    lesson.completed_count,
    lesson.current_count,
    lesson.dropped_count,
    lesson.time_spent_seconds,
    lesson.average_percent,
    organisation.as_of,
    round(lesson.dropped_count::numeric / lesson.started_count, 4) as dropped_rate
from rollcall.lesson_statistics as lesson
inner join rollcall.organisation_statistics as organisation on lesson.org_id = organisation.org_id;

grant select on rollcall.view_lesson_dropoff to rollcall_reader;
grant select on rollcall.lesson_statistics to rollcall_reader;
