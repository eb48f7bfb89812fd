-- What happens in each course: one row for each that an organisation assigned or its learners began. The caller's
-- row-level security applies.
create or replace view rollcall.view_course_engagement with (security_invoker = true) as
select
    enrollment.org_id,
    enrollment.course_id,
    enrollment.enrolled_count,
    course.average_percent,
    course.first_activity_at,
    course.last_activity_at,
    organisation.as_of,
    coalesce(course.learner_count, 0) as learner_count,
    coalesce(course.active_learner_count_7_days, 0) as active_learner_count_7_days,
    coalesce(course.active_learner_count_28_days, 0) as active_learner_count_28_days,
    coalesce(course.event_count, 0) as event_count,
    coalesce(course.time_spent_seconds, 0) as time_spent_seconds
from rollcall.org_enrollment_stats as enrollment
inner join rollcall.organisation_statistics as organisation on enrollment.org_id = organisation.org_id
left join rollcall.course_statistics as course
    on enrollment.org_id = course.org_id and enrollment.course_id = course.course_id;

grant select on rollcall.view_course_engagement to rollcall_reader;
grant select on rollcall.org_enrollment_stats to rollcall_reader;
grant select on rollcall.organisation_statistics to rollcall_reader;
grant select on rollcall.course_statistics to rollcall_reader;
