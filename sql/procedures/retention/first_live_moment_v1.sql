-- Before this moment no event of this transaction's organisations is live: the first day (UTC) of either table that has
-- a partition, was restored, or has a snapshot that is not dropped yet; or the oldest event of the default partitions.
-- Null where there is none of these. From this moment on, each row needs its identity.
create or replace function rollcall.first_live_moment_v1() returns timestamptz
language sql
stable
set search_path = rollcall, pg_temp
as $$
select least(
    (
        select min(to_date(right(partition.relname, 8), 'YYYYMMDD'))::timestamp at time zone 'UTC'
        from pg_inherits
        inner join pg_class as partition on pg_inherits.inhrelid = partition.oid
        where pg_inherits.inhparent in ('rollcall.progress_events'::regclass, 'rollcall.analytics_events'::regclass)
            and partition.relname ~ '_[0-9]{8}$'
    ),
    (select min(day)::timestamp at time zone 'UTC' from kept_days),
    (select min(day)::timestamp at time zone 'UTC' from snapshot_days where state <> 'dropped'),
    (select min(occurred_at) from progress_events_default),
    (select min(occurred_at) from analytics_events_default)
);
$$;

revoke all on function rollcall.first_live_moment_v1() from public;
