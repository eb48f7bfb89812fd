-- Takes one synthetic alert from the allowance of the whole deployment: five at once, then one a minute. Each such
-- alert reaches the people on call, and every administrator of any organisation may ask for one. Returns 0 when it was
-- taken, else the milliseconds until there is another.
create or replace function rollcall.take_test_alert_v1() returns integer
language sql
security definer
set search_path = rollcall, pg_temp
as $$
select retry_after_ms from take_rate_v1('jobs:test-alert', 1.0 / 60, 5);
$$;

revoke all on function rollcall.take_test_alert_v1() from public;
grant execute on function rollcall.take_test_alert_v1() to rollcall_ops;
