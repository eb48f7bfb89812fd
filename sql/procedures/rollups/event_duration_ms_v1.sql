-- The duration that an analytics event reports, in milliseconds: its property duration_ms, else duration_seconds. Null
-- without a plausible one: durations from a microsecond to 30 years are accepted.
create or replace function rollcall.event_duration_ms_v1(p_properties jsonb) returns double precision
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_properties -> 'duration_ms') = 'number'
        then
            case
                when (p_properties -> 'duration_ms')::numeric between 0.001 and 1e12
                    then (p_properties -> 'duration_ms')::double precision
            end
    when jsonb_typeof(p_properties -> 'duration_seconds') = 'number' then
        case
            when (p_properties -> 'duration_seconds')::numeric between 0.000001 and 1e9
                then 1000 * (p_properties -> 'duration_seconds')::double precision
        end
end;

revoke all on function rollcall.event_duration_ms_v1(jsonb) from public;
