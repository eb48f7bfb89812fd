-- Signs a pass for a person who reads the views by hand. Only the owner and members of its role may call it: the reader
-- cannot.
create or replace function rollcall.issue_report_pass_v1(p_org_ids uuid[], p_lifetime interval default '1 hour')
returns text
language sql
set search_path = rollcall, pg_temp
as $$
select
    signed.pass || '.' || encode(
        sha256(key.outer_key || sha256(key.inner_key || convert_to(signed.pass, 'UTF8'))), 'hex'
    )
from (
    select concat_ws('.', '1', extract(epoch from now() + p_lifetime)::bigint, array_to_string(p_org_ids, ',')) as pass
) as signed
cross join (select inner_key, outer_key from report_pass_keys order by set_at desc limit 1) as key;
$$;

revoke all on function rollcall.issue_report_pass_v1(uuid[], interval) from public;
