-- The number of different learners who were active from one day to another (both included), by one source. It is exact
-- while every one of the days still has its learners. Where some days are frozen, it is estimated from sketches, with a
-- standard error of 1.6 %.
create or replace function rollcall.active_learners_between_v1(
    p_org_id uuid, p_source text, p_from date, p_until date, out learner_count bigint, out is_exact boolean
)
language plpgsql
stable
security definer
set search_path = rollcall, pg_temp
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set jit = off
as $$
declare
    v_registers integer[];
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    is_exact := not exists (
        select from learner_sketches
        where org_id = p_org_id and source = p_source and day between p_from and p_until
    );
    if is_exact then
        select count(distinct learner_key) into learner_count from active_learners
        where org_id = p_org_id and source = p_source and day between p_from and p_until;
        return;
    end if;
    select array_agg(register) into v_registers
    from (
        select max(register) as register
        from (
            select unnest(registers) as register from learner_sketches
            where org_id = p_org_id and source = p_source and day between p_from and p_until
            union all
            select learner_register_v1(learner_key)
            from (
                select distinct learner_key from active_learners
                where org_id = p_org_id and source = p_source and day between p_from and p_until
            ) as live
        ) as seen
        group by register >> 6
    ) as merged;
    learner_count := round(estimate_learners_v1(v_registers));
end
$$;

revoke all on function rollcall.active_learners_between_v1(uuid, text, date, date) from public;
grant execute on function rollcall.active_learners_between_v1(uuid, text, date, date) to rollcall_ops;
