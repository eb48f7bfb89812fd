-- The bucket of a histogram that a duration in milliseconds (above 0) falls into. Bucket i holds what lies above
-- gamma^(i-1) and is at most gamma^i, with gamma = (1 + 0.01) / (1 - 0.01), so that one value for the whole of it, 2 *
-- gamma^i / (gamma + 1), is never more than 1 % from what was measured: the mapping of DDSketch (Masson, Rim and Lee:
-- DDSketch, a fast and fully-mergeable quantile sketch with relative-error guarantees, PVLDB 12, 2019).
create or replace function rollcall.duration_bucket_v1(p_duration_ms double precision) returns integer
language sql
immutable
parallel safe
return ceil(ln(p_duration_ms) / ln(1.01::double precision / 0.99::double precision))::integer;

revoke all on function rollcall.duration_bucket_v1(double precision) from public;
