-- A learner's place in a sketch: register * 64 + rank, of HyperLogLog with 4,096 registers (Flajolet, Fusy, Gandouet
-- and Meunier: HyperLogLog, the analysis of a near-optimal cardinality estimation algorithm, 2007). The register is the
-- first 12 bits of the key's SHA-256; the rank is the position of the first 1 in the next 52 bits. The greatest rank of
-- a register is kept, so the order of learners never matters, and two sketches are merged by the greater rank of each
-- register.
create or replace function rollcall.learner_register_v1(p_learner_key uuid) returns integer
language sql
immutable
parallel safe
set search_path = rollcall, pg_temp
as $$
select substring(hashed for 12)::integer * 64
    + case position(B'1' in substring(hashed from 13))
        when 0 then 53
        else position(B'1' in substring(hashed from 13))
    end
from (
    select ('x' || encode(substring(sha256(uuid_send(p_learner_key)) for 8), 'hex'))::bit(64) as hashed
) as learner;
$$;

revoke all on function rollcall.learner_register_v1(uuid) from public;
