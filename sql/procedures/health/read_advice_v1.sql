-- The advice for clients as JSON. Null when there is none, or when it is older than two minutes: then the health
-- monitor does not run.
-- Why plpgsql: it keeps its plan, and every ingest statement asks.
create or replace function rollcall.read_advice_v1() returns jsonb
language plpgsql
stable
security definer
set search_path = rollcall, pg_temp
as $$
begin
    return (
        select jsonb_build_object(
            'flush_interval_ms', advice.flush_interval_ms,
            'batch_size', advice.batch_size,
            'pause_until', advice.pause_until
        )
        from advice
        where advice.written_at > clock_timestamp() - interval '2 minutes'
    );
end
$$;

revoke all on function rollcall.read_advice_v1() from public;
grant execute on function rollcall.read_advice_v1() to rollcall_app, rollcall_ops;
