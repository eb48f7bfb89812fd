-- The regular expression, to be used without regard to case, that finds identifiers in a text in every spelling of a
-- UUID: with dashes anywhere, in braces, as a URN. domain.privacy.mentions has the same.
create or replace function rollcall.mention_pattern_v1(p_identifiers text[]) returns text
language sql
immutable
set search_path = rollcall, pg_temp
as $$
select string_agg(
    case
        when plain ~ '^[0-9a-f]{32}$'
            then '(?:urn:uuid:)?\{?' || regexp_replace(plain, '(.)(?=.)', '\1-*', 'g') || '\}?'
        else regexp_replace(plain, '([^a-z0-9])', '\\\1', 'g')
    end, '|'
    order by plain
)
from (
    select distinct
        case
            when identifier ~* '^[0-9a-f-]*$' then lower(replace(identifier, '-', ''))
            else lower(identifier)
        end as plain
    from unnest(p_identifiers) as given (identifier)
) as known;
$$;

revoke all on function rollcall.mention_pattern_v1(text[]) from public;
