-- Returns whether one of these identifiers is of a learner of the organisation who was erased at or after this time.
-- Why plpgsql: it keeps its plan, and every event of an organisation with an erasure asks.
create or replace function rollcall.is_barred_v1(p_org_id uuid, p_identifiers text[], p_at timestamptz) returns boolean
language plpgsql
stable
set search_path = rollcall, pg_temp
as $$
declare
    v_identifier text;
begin
    foreach v_identifier in array p_identifiers loop
        -- The digest is that of learner_digest_v1.
        if exists (
            select from erasures
            where erasures.org_id = p_org_id
                and erasures.digest = sha256(uuid_send(p_org_id) || convert_to(v_identifier, 'UTF8'))
                and erasures.erased_at >= p_at
        ) then
            return true;
        end if;
    end loop;
    return false;
end
$$;

revoke all on function rollcall.is_barred_v1(uuid, text[], timestamptz) from public;
