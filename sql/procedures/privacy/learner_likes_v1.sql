-- The patterns that find identifiers in a text in lower case and without dashes: there, every spelling of a UUID holds
-- its 32 digits in a row.
create or replace function rollcall.learner_likes_v1(p_identifiers text[]) returns text[]
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select array(
    select distinct '%' || lower(replace(identifier, '-', '')) || '%'
    from unnest(p_identifiers) as given (identifier)
);
$$;

revoke all on function rollcall.learner_likes_v1(text[]) from public;
