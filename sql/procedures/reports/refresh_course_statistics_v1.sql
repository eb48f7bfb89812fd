-- Counts an organisation's courses anew: the state of learners, by when they began, and who is enrolled. Only rows that
-- differ are written. A course is completed when all of its lessons that the organisation knows are.
-- The caller has set the transaction's organisation, and is the only one at work on it.
create or replace function rollcall.refresh_course_statistics_v1(p_org_id uuid, p_now timestamptz) returns void
language plpgsql
set search_path = rollcall, pg_temp
-- Organisations differ in size by orders of magnitude: each needs its own plan.
set plan_cache_mode = force_custom_plan
set work_mem = '64MB'
as $$
begin
    with course as (
        select course_id, count(*)::integer as lesson_count from lessons
        where org_id = p_org_id
        group by course_id
    ),
    finished as (
        select user_id, course_id, max(first_completed_at) as completed_at from lesson_progress
        where org_id = p_org_id
        group by user_id, course_id
        having count(first_completed_at) = count(*)
    ),
    progress as (
        select
            standing.*,
            case when standing.lessons_completed >= course.lesson_count then finished.completed_at end as completed_at
        from course_progress as standing
        inner join course using (course_id)
        left join finished using (user_id, course_id)
        where standing.org_id = p_org_id
    ),
    enrolled as materialized (
        select
            coalesce(progress.course_id, assigned.course_id) as course_id,
            assigned.course_id is not null as is_assigned,
            coalesce(assigned.due_at < p_now and progress.completed_at is null, false) as is_overdue,
            progress.percent, progress.event_count, progress.time_spent_seconds, progress.first_activity_at,
            progress.last_activity_at, progress.completed_at
        from progress
        full join (select * from assignments where org_id = p_org_id) as assigned
            on progress.user_id = assigned.user_id and progress.course_id = assigned.course_id
    ),
    right_statistics as materialized (
        select
            enrolled.course_id, course.lesson_count, count(*) as learner_count,
            count(*) filter (where last_activity_at >= p_now - interval '7 days') as active_learner_count_7_days,
            count(*) filter (where last_activity_at >= p_now - interval '28 days') as active_learner_count_28_days,
            sum(event_count) as event_count, sum(time_spent_seconds) as time_spent_seconds,
            round(avg(percent), 2) as average_percent, min(first_activity_at) as first_activity_at,
            max(last_activity_at) as last_activity_at
        from enrolled inner join course using (course_id)
        where first_activity_at is not null
        group by enrolled.course_id, course.lesson_count
    ),
    right_cohort as materialized (
        select
            course_id, (first_activity_at at time zone 'UTC')::date as started_on,
            floor(extract(epoch from completed_at - first_activity_at) / 86400)::integer as days_to_complete,
            count(*)::integer as learner_count
        from enrolled
        where first_activity_at is not null
        group by 1, 2, 3
    ),
    right_enrollment as materialized (
        select
            course_id, count(*)::integer as enrolled_count, count(*) filter (where is_assigned) as assigned_count,
            count(*) filter (where first_activity_at is null) as not_started_count,
            count(*) filter (where first_activity_at is not null and completed_at is null) as in_progress_count,
            count(completed_at) as completed_count, count(*) filter (where is_overdue) as overdue_count
        from enrolled
        group by course_id
    ),
    removed_statistics as (
        delete from course_statistics as stored
        where stored.org_id = p_org_id
            and not exists (select from right_statistics as correct where correct.course_id = stored.course_id)
    ),
    removed_cohort as (
        delete from course_cohorts as stored
        where stored.org_id = p_org_id
            and not exists (
                select from right_cohort as correct
                where correct.course_id = stored.course_id and correct.started_on = stored.started_on
                    and coalesce(correct.days_to_complete, -1) = coalesce(stored.days_to_complete, -1)
            )
    ),
    removed_enrollment as (
        delete from org_enrollment_stats as stored
        where stored.org_id = p_org_id
            and not exists (select from right_enrollment as correct where correct.course_id = stored.course_id)
    ),
    written_cohort as (
        insert into course_cohorts as stored (org_id, course_id, started_on, days_to_complete, learner_count)
        select p_org_id, right_cohort.* from right_cohort
        on conflict (org_id, course_id, started_on, days_to_complete) do update
            set learner_count = excluded.learner_count
            where stored.learner_count <> excluded.learner_count
    ),
    written_enrollment as (
        insert into org_enrollment_stats as stored (
            org_id, course_id, enrolled_count, assigned_count, not_started_count, in_progress_count, completed_count,
            overdue_count
        )
        select p_org_id, right_enrollment.* from right_enrollment
        on conflict (org_id, course_id) do update set
            enrolled_count = excluded.enrolled_count,
            assigned_count = excluded.assigned_count,
            not_started_count = excluded.not_started_count,
            in_progress_count = excluded.in_progress_count,
            completed_count = excluded.completed_count,
            overdue_count = excluded.overdue_count
        where stored is distinct from excluded
    )
    insert into course_statistics as stored (
        org_id, course_id, lesson_count, learner_count, active_learner_count_7_days, active_learner_count_28_days,
        event_count, time_spent_seconds, average_percent, first_activity_at, last_activity_at
    )
    select p_org_id, right_statistics.* from right_statistics
    on conflict (org_id, course_id) do update set
        lesson_count = excluded.lesson_count,
        learner_count = excluded.learner_count,
        active_learner_count_7_days = excluded.active_learner_count_7_days,
        active_learner_count_28_days = excluded.active_learner_count_28_days,
        event_count = excluded.event_count,
        time_spent_seconds = excluded.time_spent_seconds,
        average_percent = excluded.average_percent,
        first_activity_at = excluded.first_activity_at,
        last_activity_at = excluded.last_activity_at
    where stored is distinct from excluded;
end
$$;

revoke all on function rollcall.refresh_course_statistics_v1(uuid, timestamptz) from public;
