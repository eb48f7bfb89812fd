-- The organisations, among those the transaction may see, that assigned this course to this learner.
-- One: the event is theirs. None or several: the caller rejects the event. p_assigned_by narrows when given.
create or replace function rollcall.resolve_organisations_v1(p_user_id uuid, p_course_id text, p_assigned_by uuid)
returns uuid[]
language sql stable
set search_path = rollcall, pg_temp
as $$
select coalesce(array_agg(org_id), '{}')
from assignments
where user_id = p_user_id
    and course_id = p_course_id
    and (p_assigned_by is null or assigned_by = p_assigned_by);
$$;

revoke all on function rollcall.resolve_organisations_v1(uuid, text, uuid) from public;
