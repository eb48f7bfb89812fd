-- Ends an erasure or export: removes the learner from the operation's own row, keeps the certificate where there is
-- one, and advances the operation for the last time, in one transaction. Returns the operation as it is now, or null
-- when the lease was lost.
create or replace function rollcall.finish_privacy_v1(
    p_org_id uuid,
    p_operation_id uuid,
    p_lease_id uuid,
    p_step_number integer,
    p_identifiers text[],
    p_counts jsonb,
    p_certificate jsonb
)
returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_operation operations;
begin
    perform set_config('rollcall.org_ids', array[p_org_id]::text, true);
    v_operation := hold_operation_v1(p_org_id, p_operation_id, p_lease_id);
    if v_operation.operation_id is not null and v_operation.step_number = p_step_number then
        execute 'update operations as t set ' || redaction_v1('rollcall.operations')
            || ' where t.org_id = $1 and t.operation_id = $4 and $5 is null'
        using
            p_org_id, mention_pattern_v1(p_identifiers), p_identifiers,
            p_operation_id, null::text, p_operation_id::text;
        if p_certificate is not null then
            insert into privacy_certificates (org_id, operation_id, digest, issued_at, is_clean, certificate)
            values (
                p_org_id, p_operation_id, decode(p_certificate ->> 'learner_digest', 'hex'),
                (p_certificate ->> 'issued_at')::timestamptz, (p_certificate ->> 'is_clean')::boolean, p_certificate
            );
        end if;
    end if;
    return advance_operation_v1(p_org_id, p_operation_id, p_lease_id, 1, p_step_number, null, p_counts, true);
end
$$;

revoke all on function rollcall.finish_privacy_v1(
    uuid, uuid, uuid, integer, text[], jsonb, jsonb
) from public;
grant execute on function rollcall.finish_privacy_v1(
    uuid, uuid, uuid, integer, text[], jsonb, jsonb
) to rollcall_ops;
