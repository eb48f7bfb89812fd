-- The percentile of a histogram, in milliseconds, at most 1 % from the exact one: the value of the bucket in which the
-- sorted durations reach p_fraction (from 0 to 1) of all. Null without any. The arrays are parallel. A bucket may occur
-- several times, so that histograms are merged by concatenation.
-- The rank is 1 + floor(p_fraction * (n - 1)), DDSketch's own definition.
create or replace function rollcall.duration_percentile_v1(
    p_buckets integer[], p_counts bigint[], p_fraction double precision
)
returns double precision
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select
    2 * power(1.01::double precision / 0.99::double precision, bucket)
    / (1.01::double precision / 0.99::double precision + 1)
from (
    select bucket, sum(sum(number)) over (order by bucket) as reached, sum(sum(number)) over () as total
    from unnest(p_buckets, p_counts) as histogram (bucket, number)
    group by bucket
) as cumulative
where reached > floor(p_fraction * (total - 1))
order by bucket
limit 1;
$$;

revoke all on function rollcall.duration_percentile_v1(integer[], bigint[], double precision) from public;
