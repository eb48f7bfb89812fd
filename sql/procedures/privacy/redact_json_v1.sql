-- JSON without the matches of a pattern, in texts, numbers and names of members. A value that is one match becomes
-- null; but ids and names by which rows are joined keep a word (redact_text_v1).
-- p_name: the member that holds the value.
create or replace function rollcall.redact_json_v1(
    p_value jsonb, p_pattern text, p_salt text, p_name text default null
) returns jsonb
language plpgsql
immutable
set search_path = rollcall, pg_temp
as $$
declare
    v_text text;
begin
    if not p_value::text ~* p_pattern then
        return p_value;
    end if;
    case jsonb_typeof(p_value)
        when 'object' then
            return (
                select coalesce(jsonb_object_agg(
                    redact_text_v1(name, p_pattern, case when name ~* p_pattern then p_salt end),
                    redact_json_v1(value, p_pattern, p_salt, name)
                ), '{}')
                from jsonb_each(p_value) as member (name, value)
            );
        when 'array' then
            return (
                select coalesce(jsonb_agg(redact_json_v1(value, p_pattern, p_salt, p_name) order by ordinal), '[]')
                from jsonb_array_elements(p_value) with ordinality as item (value, ordinal)
            );
        when 'string' then
            v_text := p_value #>> '{}';
            if p_name = any (joined_columns_v1()) then
                return to_jsonb(redact_text_v1(v_text, p_pattern, p_salt));
            end if;
            return case
                when v_text ~* ('^(?:' || p_pattern || ')$') then 'null'::jsonb
                else to_jsonb(redact_text_v1(v_text, p_pattern))
            end;
        else
            return 'null'::jsonb;
    end case;
end
$$;

revoke all on function rollcall.redact_json_v1(jsonb, text, text, text) from public;
