-- A text with `erased` in place of the matches of a pattern. With a salt, each spelling of a match becomes a word of
-- its own, the same everywhere: so ids of courses, lessons and names of events that held an identifier stay apart from
-- each other, and still join. domain.privacy.mentions makes the same.
create or replace function rollcall.redact_text_v1(p_text text, p_pattern text, p_salt text default null) returns text
language plpgsql
immutable
set search_path = rollcall, pg_temp
as $$
declare
    v_found text;
    v_redacted text := p_text;
begin
    if p_salt is null then
        return regexp_replace(p_text, p_pattern, 'erased', 'gi');
    end if;
    for v_found in
        select hit.parts[1] from regexp_matches(p_text, '(' || p_pattern || ')', 'gi') as hit (parts)
        order by length(hit.parts[1]) desc
    loop
        v_redacted := replace(v_redacted, v_found, 'erased-' || translate(
            encode(substring(sha256(convert_to(p_salt || v_found, 'UTF8')) for 6), 'hex'),
            '0123456789', 'ghijklmnop'
        ));
    end loop;
    return v_redacted;
end
$$;

revoke all on function rollcall.redact_text_v1(text, text, text) from public;
