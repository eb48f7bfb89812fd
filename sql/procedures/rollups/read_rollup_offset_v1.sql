-- How far a source of an organisation is folded; a new source begins before its first event.
create or replace function rollcall.read_rollup_offset_v1(p_org_id uuid, p_source text) returns rollcall.rollup_offsets
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_offset rollup_offsets;
begin
    select * into v_offset from rollup_offsets where org_id = p_org_id and source = p_source;
    if not found then
        insert into rollup_offsets (org_id, source, cluster_id) values (p_org_id, p_source, cluster_id_v1())
        returning * into v_offset;
    end if;
    return v_offset;
end
$$;

revoke all on function rollcall.read_rollup_offset_v1(uuid, text) from public;
