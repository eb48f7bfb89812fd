-- The id of this cluster: transaction ids mean nothing in another cluster. 0 where the service hides it.
create or replace function rollcall.cluster_id_v1() returns bigint
language plpgsql
stable
set search_path = rollcall, pg_temp
as $$
begin
    return (select system_identifier from pg_control_system());
exception
    when insufficient_privilege or feature_not_supported or undefined_function then
        return 0;
end
$$;

revoke all on function rollcall.cluster_id_v1() from public;
