-- Counts a batch that was refused because of its sender's rate, for each of these organisations. Binds the transaction
-- to them: only for procedures that return right after it.
create or replace function rollcall.note_rate_refusal_v1(p_org_ids uuid[]) returns void
language plpgsql
set search_path = rollcall, pg_temp
as $$
declare
    v_minute_at timestamptz := date_trunc('minute', clock_timestamp());
begin
    perform set_config('rollcall.org_ids', p_org_ids::text, true);
    insert into rate_refusals as known (org_id, slot, minute_at, refused_count)
    select distinct organisation.org_id, (extract(epoch from v_minute_at)::bigint / 60 % 10)::smallint, v_minute_at, 1
    from unnest(p_org_ids) as organisation (org_id)
    order by organisation.org_id
    on conflict (org_id, slot) do update set
        minute_at = excluded.minute_at,
        refused_count = case when known.minute_at = excluded.minute_at then known.refused_count + 1 else 1 end;
end
$$;

revoke all on function rollcall.note_rate_refusal_v1(uuid[]) from public;
