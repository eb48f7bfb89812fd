-- The certificate of an erasure of these organisations, or null while there is none.
create or replace function rollcall.read_certificate_v1(p_org_ids uuid[], p_operation_id uuid) returns jsonb
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
begin
    perform set_config('rollcall.org_ids', p_org_ids::text, true);
    return (
        select certificate from privacy_certificates where org_id = any (p_org_ids) and operation_id = p_operation_id
    );
end
$$;

revoke all on function rollcall.read_certificate_v1(uuid[], uuid) from public;
grant execute on function rollcall.read_certificate_v1(uuid[], uuid) to rollcall_ops;
