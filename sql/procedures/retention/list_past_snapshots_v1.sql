-- Snapshots of days that were dropped before p_before, with no file that is to be kept for longer, oldest first: at
-- most p_limit, as a JSON array of contracts.retention.snapshot.DayOfTable.
create or replace function rollcall.list_past_snapshots_v1(p_before timestamptz, p_limit integer) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform enter_all_organisations_v1();
    return (
        select coalesce(jsonb_agg(jsonb_build_object(
            'table_name', past.table_name, 'day', past.day, 'sequence', past.sequence
        ) order by past.day, past.table_name, past.sequence), '[]')
        from (
            select days.table_name, days.day, days.sequence from snapshot_days as days
            where days.dropped_at < p_before
                and not exists (
                    select from snapshots as files
                    where files.table_name = days.table_name and files.day = days.day
                        and files.sequence = days.sequence and files.expires_at > now()
                )
            order by days.day, days.table_name, days.sequence
            limit p_limit
        ) as past
    );
end
$$;

revoke all on function rollcall.list_past_snapshots_v1(timestamptz, integer) from public;
grant execute on function rollcall.list_past_snapshots_v1(timestamptz, integer) to rollcall_ops;
