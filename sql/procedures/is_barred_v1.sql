-- Whether one of these identifiers is of a learner of the organisation who was erased then, or later.
create or replace function rollcall.is_barred_v1(p_org_id uuid, p_identifiers text[], p_at timestamptz) returns boolean
language sql
stable
set search_path = rollcall, pg_temp
as $$
select exists (
    select from unnest(p_identifiers) as given (identifier)
    inner join erasures
        on erasures.org_id = p_org_id and erasures.digest = learner_digest_v1(p_org_id, given.identifier)
    where erasures.erased_at >= p_at
);
$$;

revoke all on function rollcall.is_barred_v1(uuid, text[], timestamptz) from public;
