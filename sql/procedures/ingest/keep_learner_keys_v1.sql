-- Returns the key ids of these organisations' learner ids, as an object by organisation. An organisation without one
-- gets p_key_id for good; of two concurrent calls the first one counts.
create or replace function rollcall.keep_learner_keys_v1(p_org_ids uuid[], p_key_id text) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_keys jsonb;
begin
    perform set_config('rollcall.org_ids', p_org_ids::text, true);
    -- In order, so that two calls with new organisations never wait in a circle.
    insert into learner_keys (org_id, key_id)
    select distinct org_id, p_key_id
    from unnest(p_org_ids) as asked (org_id)
    where not exists (select from learner_keys as known where known.org_id = asked.org_id)
    order by org_id
    on conflict do nothing;
    select jsonb_object_agg(org_id, key_id) into v_keys from learner_keys where org_id = any (p_org_ids);
    return coalesce(v_keys, '{}');
end
$$;

revoke all on function rollcall.keep_learner_keys_v1(uuid[], text) from public;
grant execute on function rollcall.keep_learner_keys_v1(uuid[], text) to rollcall_app, rollcall_ops;
