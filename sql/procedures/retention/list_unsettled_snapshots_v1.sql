-- Snapshots of which the archive may hold more than list_snapshot_files_v1 returns: of days that are not dropped yet,
-- and of days whose manifest is not yet written anew since a file was rewritten. Of days from p_from to p_to, both
-- included (null: no bound), as a JSON array of contracts.retention.snapshot.DayOfTable.
create or replace function rollcall.list_unsettled_snapshots_v1(p_from date, p_to date) returns jsonb
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select coalesce(jsonb_agg(
    jsonb_build_object('table_name', table_name, 'day', day, 'sequence', sequence) order by table_name, day, sequence
), '[]')
from snapshot_days
where (state <> 'dropped' or manifest_digest is null)
    and (p_from is null or day >= p_from)
    and (p_to is null or day <= p_to);
$$;

revoke all on function rollcall.list_unsettled_snapshots_v1(date, date) from public;
grant execute on function rollcall.list_unsettled_snapshots_v1(date, date) to rollcall_ops;
