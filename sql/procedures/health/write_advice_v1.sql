-- Writes the advice for clients, and the backlog that it was made of (null: unknown). The health monitor writes it with
-- each measurement, changed or not: advice that is not written again goes stale (read_advice_v1). Returns true.
create or replace function rollcall.write_advice_v1(
    p_flush_interval_ms integer, p_batch_size integer, p_pause_until timestamptz, p_backlog integer
)
returns boolean
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    insert into advice as known (only_row, flush_interval_ms, batch_size, pause_until, backlog, written_at)
    values (true, p_flush_interval_ms, p_batch_size, p_pause_until, p_backlog, clock_timestamp())
    on conflict (only_row) do update set
        flush_interval_ms = excluded.flush_interval_ms,
        batch_size = excluded.batch_size,
        pause_until = excluded.pause_until,
        backlog = excluded.backlog,
        written_at = excluded.written_at;
    return true;
end
$$;

revoke all on function rollcall.write_advice_v1(integer, integer, timestamptz, integer) from public;
grant execute on function rollcall.write_advice_v1(integer, integer, timestamptz, integer) to rollcall_ops;
