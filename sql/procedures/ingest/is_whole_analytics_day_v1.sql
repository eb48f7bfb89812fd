-- Returns whether every analytics event that an organisation stored of a day (UTC) is still there: its partition was
-- neither dropped nor restored in part, and no purge reached into it. Purges are known for 90 days (operations), so for
-- an earlier day the answer is unknown.
create or replace function rollcall.is_whole_analytics_day_v1(p_org_id uuid, p_day date) returns boolean
language sql
stable
set search_path = rollcall, pg_temp
as $$
select p_day > (now() at time zone 'UTC')::date - 89
    and to_regclass('rollcall.' || partition_name_v1('analytics_events', p_day)) is not null
    and not exists (
        select from snapshot_days
        where table_name = 'analytics_events' and day = p_day and state = 'dropped'
    )
    and not exists (select from kept_days where table_name = 'analytics_events' and day = p_day)
    and not exists (
        select from operations
        where org_id = p_org_id
            and kind = 'purge'
            and not is_dry_run
            and (parameters ->> 'from')::timestamptz < (p_day + 1)::timestamp at time zone 'UTC'
            and (parameters ->> 'to')::timestamptz > p_day::timestamp at time zone 'UTC'
    );
$$;

revoke all on function rollcall.is_whole_analytics_day_v1(uuid, date) from public;
