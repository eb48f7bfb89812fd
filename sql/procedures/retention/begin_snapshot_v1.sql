-- Takes a day's snapshot to go on with it, for as long as the caller may run: the snapshot that is under way, or a new
-- one under the next sequence where there is none yet or the last was dropped. A stopped snapshot begins anew.
-- lease_id is null when another worker has the snapshot; snapshot is null as well when the day was dropped meanwhile.
create or replace function rollcall.begin_snapshot_v1(
    p_table text, p_day date, p_lease_seconds double precision, out snapshot jsonb, out lease_id uuid
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_last snapshot_days;
begin
    perform enter_all_organisations_v1();
    -- Of two concurrent calls the second waits here, and finds the snapshot that the first began.
    perform pg_advisory_xact_lock(hashtextextended('rollcall.snapshot/' || p_table || '/' || p_day, 0));
    select * into v_last from snapshot_days
    where table_name = p_table and day = p_day
    order by sequence desc
    limit 1
    for update;
    if to_regclass('rollcall.' || partition_name_v1(p_table, p_day)) is null then
        return;
    end if;
    snapshot := describe_snapshot_day_v1(v_last);
    if v_last.leased_until > clock_timestamp() then
        return;
    end if;
    lease_id := gen_random_uuid();
    if v_last.sequence is null or v_last.state = 'dropped' then
        insert into snapshot_days (table_name, day, sequence, lease_id, leased_until)
        values (
            p_table, p_day, coalesce(v_last.sequence, 0) + 1, begin_snapshot_v1.lease_id,
            clock_timestamp() + make_interval(secs => p_lease_seconds)
        )
        returning * into v_last;
    else
        if v_last.failure_code is not null then
            delete from snapshots
            where table_name = p_table and day = p_day and sequence = v_last.sequence;
        end if;
        update snapshot_days set
            failure_code = null,
            lease_id = begin_snapshot_v1.lease_id,
            leased_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
        where table_name = p_table and day = p_day and sequence = v_last.sequence
        returning * into v_last;
    end if;
    snapshot := describe_snapshot_day_v1(v_last);
end
$$;

revoke all on function rollcall.begin_snapshot_v1(text, date, double precision) from public;
grant execute on function rollcall.begin_snapshot_v1(text, date, double precision) to rollcall_ops;
