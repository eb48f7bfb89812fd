-- Removes the parts of a day's rollups that both sources share, so that the day can be computed again. Returns the
-- transaction id below which events are folded. Returns null, and removes nothing, where the day is frozen or the
-- offset is foreign.
create or replace function rollcall.forget_rollup_day_v1(p_org_id uuid, p_source text, p_day date) returns xid8
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_offset rollup_offsets := read_rollup_offset_v1(p_org_id, p_source);
begin
    if v_offset.cluster_id <> cluster_id_v1() or exists (
        select from daily_rollups where org_id = p_org_id and source = p_source and day = p_day and is_frozen
    ) then
        return null;
    end if;
    delete from hourly_rollups
    where org_id = p_org_id
        and source = p_source
        and hour_at >= p_day::timestamp at time zone 'UTC'
        and hour_at < (p_day + 1)::timestamp at time zone 'UTC';
    delete from daily_rollups where org_id = p_org_id and source = p_source and day = p_day;
    delete from daily_durations where org_id = p_org_id and source = p_source and day = p_day;
    delete from active_learners where org_id = p_org_id and source = p_source and day = p_day;
    return (v_offset.stored_xid::text::numeric + 1)::text::xid8;
end
$$;

revoke all on function rollcall.forget_rollup_day_v1(uuid, text, date) from public;
