-- Takes the snapshot of a day, to rewrite one of its files, to write its manifest anew, or to withdraw an
-- organisation's files before the day is dropped. snapshot is null when there is none; lease_id when another worker has
-- it.
create or replace function rollcall.lease_snapshot_v1(
    p_table text,
    p_day date,
    p_sequence integer,
    p_lease_seconds double precision,
    out snapshot jsonb,
    out lease_id uuid
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_day snapshot_days;
begin
    perform enter_all_organisations_v1();
    select * into v_day from snapshot_days
    where table_name = p_table and day = p_day and sequence = p_sequence
    for update;
    if not found then
        return;
    end if;
    if coalesce(v_day.leased_until <= clock_timestamp(), true) then
        lease_id := gen_random_uuid();
        update snapshot_days set
            lease_id = lease_snapshot_v1.lease_id,
            leased_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
        where table_name = p_table and day = p_day and sequence = p_sequence;
    end if;
    snapshot := describe_snapshot_day_v1(v_day);
end
$$;

revoke all on function rollcall.lease_snapshot_v1(text, date, integer, double precision) from public;
grant execute on function rollcall.lease_snapshot_v1(text, date, integer, double precision) to rollcall_ops;
