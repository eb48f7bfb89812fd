-- Notes why events of a kind were rejected, the last reason of each. A null rate is not limited: the batch was counted
-- already.
-- The arrays are parallel, one event each, of organisations that the caller's token holds. When retry_after_ms is not
-- 0, the procedure wrote nothing but the refusal of a batch.
create or replace function rollcall.note_rejections_v2(
    p_subject text,
    p_rate_per_second double precision,
    p_burst integer,
    p_org_ids uuid[],
    p_event_ids uuid[],
    p_reasons text[],
    p_rejected_at timestamptz,
    p_kind text,
    out rate_remaining integer,
    out rate_reset_ms integer,
    out retry_after_ms integer
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    retry_after_ms := 0;
    if p_rate_per_second is not null then
        select rate.remaining, rate.reset_ms, rate.retry_after_ms into rate_remaining, rate_reset_ms, retry_after_ms
        from take_rate_v1(p_subject, p_rate_per_second, p_burst) as rate;
        if retry_after_ms > 0 then
            perform note_rate_refusal_v1(p_org_ids);
            return;
        end if;
    end if;
    perform set_config('rollcall.org_ids', p_org_ids::text, true);
    insert into rejected_events as known (org_id, event_id, kind, reason, rejected_at)
    select distinct on (rejection.org_id, rejection.event_id)
        rejection.org_id, rejection.event_id, p_kind, rejection.reason, p_rejected_at
    from unnest(p_org_ids, p_event_ids, p_reasons) as rejection (org_id, event_id, reason)
    order by rejection.org_id, rejection.event_id
    on conflict (org_id, event_id, kind) do update
        set reason = excluded.reason, rejected_at = excluded.rejected_at
        where known.rejected_at <= excluded.rejected_at;
end
$$;

revoke all on function rollcall.note_rejections_v2(
    text, double precision, integer, uuid[], uuid[], text[], timestamptz, text
) from public;
grant execute on function rollcall.note_rejections_v2(
    text, double precision, integer, uuid[], uuid[], text[], timestamptz, text
) to rollcall_app;
