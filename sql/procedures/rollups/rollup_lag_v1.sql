-- The age in seconds, since its receipt, of the oldest event of all organisations that no rollup knows yet; null when
-- none waits. Of each organisation and source, the transaction that stored first counts.
create or replace function rollcall.rollup_lag_v1() returns double precision
language plpgsql
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_org_ids uuid[] := enter_all_organisations_v1();
    v_org_id uuid;
    v_oldest_at timestamptz;
begin
    foreach v_org_id in array v_org_ids loop
        v_oldest_at := least(v_oldest_at, oldest_unfolded_v1(v_org_id));
    end loop;
    return extract(epoch from clock_timestamp() - v_oldest_at);
end
$$;

revoke all on function rollcall.rollup_lag_v1() from public;
grant execute on function rollcall.rollup_lag_v1() to rollcall_ops;
