-- The digest that stands for an identifier of an erased learner: SHA-256 over the organisation and the identifier.
-- domain.privacy.learner_identifiers.digest_of makes the same.
create or replace function rollcall.learner_digest_v1(p_org_id uuid, p_identifier text) returns bytea
language sql
stable
set search_path = rollcall, pg_temp
as $$
select sha256(uuid_send(p_org_id) || convert_to(p_identifier, 'UTF8'));
$$;

revoke all on function rollcall.learner_digest_v1(uuid, text) from public;
