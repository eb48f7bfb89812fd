-- Takes one batch from a caller's allowance: p_rate_per_second on average, p_burst at once (GCRA).
-- remaining: whole batches left now. reset_ms: until the allowance is full again. retry_after_ms: 0 when taken, else
-- the time until one batch is free; then nothing was written.
create or replace function rollcall.take_rate_v1(
    p_subject text,
    p_rate_per_second double precision,
    p_burst integer,
    out remaining integer,
    out reset_ms integer,
    out retry_after_ms integer
)
language plpgsql
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_now timestamptz := clock_timestamp();
    v_interval interval := make_interval(secs => 1 / p_rate_per_second);
    v_arrival_at timestamptz;
begin
    insert into rate_buckets as bucket (subject, theoretical_arrival_at)
    values (p_subject, v_now + v_interval)
    on conflict (subject) do update
        set theoretical_arrival_at = greatest(bucket.theoretical_arrival_at, v_now) + v_interval
        where bucket.theoretical_arrival_at <= v_now + v_interval * (p_burst - 1)
    returning theoretical_arrival_at into v_arrival_at;
    retry_after_ms := 0;
    if not found then
        select theoretical_arrival_at into v_arrival_at from rate_buckets where subject = p_subject;
        retry_after_ms := ceil(1000 * extract(epoch from v_arrival_at - v_interval * (p_burst - 1) - v_now));
    end if;
    reset_ms := ceil(1000 * extract(epoch from v_arrival_at - v_now));
    remaining := greatest(0, floor(p_burst - extract(epoch from v_arrival_at - v_now) * p_rate_per_second));
end
$$;

revoke all on function rollcall.take_rate_v1(text, double precision, integer) from public;
