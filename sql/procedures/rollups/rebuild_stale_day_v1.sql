-- Computes one of an organisation's stale days again, for the worker with this ticket. outcome is as in fold_events_v1;
-- rebuilt_day is null when no day is stale.
create or replace function rollcall.rebuild_stale_day_v1(
    p_org_id uuid, p_ticket_id uuid, p_ticket_seconds double precision, out outcome text, out rebuilt_day date
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    outcome := hold_rollups_v1(p_org_id, p_ticket_id, p_ticket_seconds);
    if outcome <> 'held' then
        return;
    end if;
    outcome := 'folded';
    select day into rebuilt_day from rollup_stale_days where org_id = p_org_id order by day limit 1;
    if rebuilt_day is not null then
        perform rebuild_rollup_day_v1(p_org_id, rebuilt_day);
    end if;
end
$$;

revoke all on function rollcall.rebuild_stale_day_v1(uuid, uuid, double precision) from public;
grant execute on function rollcall.rebuild_stale_day_v1(uuid, uuid, double precision) to rollcall_ops;
