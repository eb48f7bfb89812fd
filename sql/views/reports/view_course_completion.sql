-- Who completed each course, of those who began it: how many, and the median of whole days they took (of an even number
-- the lower one). The caller's row-level security applies.
create or replace view rollcall.view_course_completion with (security_invoker = true) as
select
    cohort.org_id,
    cohort.course_id,
    organisation.as_of,
    sum(cohort.learner_count) as started_count,
    coalesce(sum(cohort.learner_count) filter (where cohort.days_to_complete is not null), 0) as completed_count,
    round(
        coalesce(sum(cohort.learner_count) filter (where cohort.days_to_complete is not null), 0)
        / sum(cohort.learner_count)::numeric, 4
    ) as completion_rate,
    min(cohort.days_to_complete) filter (where 2 * cohort.completed_until >= cohort.completed_total)
        as median_days_to_complete
from (
    select
        *,
        sum(learner_count) filter (where days_to_complete is not null)
            over (partition by org_id, course_id order by days_to_complete) as completed_until,
        sum(learner_count) filter (where days_to_complete is not null)
            over (partition by org_id, course_id) as completed_total
    from rollcall.course_cohorts
) as cohort
inner join rollcall.organisation_statistics as organisation on cohort.org_id = organisation.org_id
group by cohort.org_id, cohort.course_id, organisation.as_of;

grant select on rollcall.view_course_completion to rollcall_reader;
grant select on rollcall.course_cohorts to rollcall_reader;
