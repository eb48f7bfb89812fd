-- The whole seconds that an analytics event reports as spent: its property time_spent_seconds, else time_spent_ms. 0
-- without one, or for more than a day, as for a progress event.
create or replace function rollcall.event_seconds_v1(p_properties jsonb) returns bigint
language sql
immutable
parallel safe
return case
    when jsonb_typeof(p_properties -> 'time_spent_seconds') = 'number'
        then
            case
                when (p_properties -> 'time_spent_seconds')::numeric between 0 and 86400
                    then round((p_properties -> 'time_spent_seconds')::numeric)::bigint
                else 0
            end
    when jsonb_typeof(p_properties -> 'time_spent_ms') = 'number'
        then
            case
                when (p_properties -> 'time_spent_ms')::numeric between 0 and 86400000
                    then round((p_properties -> 'time_spent_ms')::numeric / 1000)::bigint
                else 0
            end
    else 0
end;

revoke all on function rollcall.event_seconds_v1(jsonb) from public;
