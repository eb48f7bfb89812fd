-- Notes organisations, learners, courses and lessons that appear for the first time. The arrays are parallel.
-- Called only when a lesson is new to a learner: everything that is new anywhere is new there too.
create or replace function rollcall.note_first_use_v1(
    p_org_ids uuid[], p_user_ids uuid[], p_course_ids text[], p_lesson_ids text[], p_seen_at timestamptz
)
returns void
language sql
set search_path = rollcall, pg_temp
as $$
insert into organisations (org_id, first_seen_at)
select distinct org_id, p_seen_at from unnest(p_org_ids) as seen (org_id)
order by org_id
on conflict do nothing;

insert into learners (org_id, user_id, first_seen_at)
select distinct org_id, user_id, p_seen_at from unnest(p_org_ids, p_user_ids) as seen (org_id, user_id)
order by org_id, user_id
on conflict do nothing;

insert into courses (org_id, course_id, first_seen_at)
select distinct org_id, course_id, p_seen_at from unnest(p_org_ids, p_course_ids) as seen (org_id, course_id)
order by org_id, course_id
on conflict do nothing;

insert into lessons (org_id, course_id, lesson_id, first_seen_at)
select distinct org_id, course_id, lesson_id, p_seen_at
from unnest(p_org_ids, p_course_ids, p_lesson_ids) as seen (org_id, course_id, lesson_id)
order by org_id, course_id, lesson_id
on conflict do nothing;
$$;

revoke all on function rollcall.note_first_use_v1(uuid[], uuid[], text[], text[], timestamptz) from public;
