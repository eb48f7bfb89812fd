-- Sets the key that signs report passes, as the two padded keys of HMAC-SHA-256. Each deployment sets it again; a known
-- key stays the newest or becomes it. Keys before the newest two are forgotten.
create or replace procedure rollcall.set_report_pass_key_v1(p_inner_key bytea, p_outer_key bytea)
language sql
as $$
insert into rollcall.report_pass_keys (inner_key, outer_key) values (p_inner_key, p_outer_key)
on conflict (inner_key) do update set set_at = clock_timestamp()
where report_pass_keys.set_at < (select max(set_at) from rollcall.report_pass_keys);
delete from rollcall.report_pass_keys
where set_at not in (select set_at from rollcall.report_pass_keys order by set_at desc limit 2);
$$;

revoke all on procedure rollcall.set_report_pass_key_v1(bytea, bytea) from public;
