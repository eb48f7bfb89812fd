-- The bucket of a histogram for a duration in milliseconds (above 0). Bucket i holds durations above gamma^(i-1) and up
-- to gamma^i, with gamma = (1 + 0.01) / (1 - 0.01). One value for the whole bucket, 2 * gamma^i / (gamma + 1), is then
-- never more than 1 % from the measured duration. This is the mapping of DDSketch (Masson, Rim and Lee: DDSketch, a
-- fast and fully-mergeable quantile sketch with relative-error guarantees, PVLDB 12, 2019).
create or replace function rollcall.duration_bucket_v1(p_duration_ms double precision) returns integer
language sql
immutable
parallel safe
return ceil(ln(p_duration_ms) / ln(1.01::double precision / 0.99::double precision))::integer;

revoke all on function rollcall.duration_bucket_v1(double precision) from public;
