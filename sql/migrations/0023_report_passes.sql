-- What the reader of reports may see is bound to the token of its caller. Until now a session that held the reader's
-- password could claim any organisation.
-- Why a pass: the function that answers reports serves every organisation, so neither its login nor a setting that it
-- writes itself can bind it. The authorizer, another function, signs a pass for the organisations of a verified token
-- with a key that the reader never holds; row-level security verifies the pass.

-- HMAC-SHA-256 (RFC 2104) as its two padded keys, so that sha256() alone verifies it. The newest two keys count: a pass
-- signed just before a rotation stays good. No rows of an organisation, no grant.
create table rollcall.report_pass_keys (
    inner_key bytea primary key check (length(inner_key) = 64),
    outer_key bytea not null check (length(outer_key) = 64),
    set_at timestamptz not null default clock_timestamp()
);

-- The organisations of the pass that this transaction presents: 1.<expires at, in seconds>.<UUIDs, by commas>.<HMAC>.
-- A session that claims nothing sees nothing. One that claims organisations without a good pass gets an error, as no
-- rows would read like an answer.
create function rollcall.report_pass_org_ids() returns uuid[]
language plpgsql stable parallel safe
security definer
set search_path = rollcall, pg_temp
as $$
declare
    v_parts text[] := string_to_array(current_setting('rollcall.report_pass', true), '.');
    v_signed bytea := convert_to(array_to_string(v_parts[1:3], '.'), 'UTF8');
begin
    if cardinality(current_org_ids()) = 0 then
        return '{}';
    end if;
    if cardinality(v_parts) = 4 and exists (
        select from (select inner_key, outer_key from report_pass_keys order by set_at desc limit 2) as key
        where encode(sha256(key.outer_key || sha256(key.inner_key || v_signed)), 'hex') = v_parts[4]
    ) then
        -- Nested: only what was signed is certain to be of this form.
        if v_parts[1] = '1' and to_timestamp(v_parts[2]::bigint) > now() then
            return string_to_array(v_parts[3], ',')::uuid[];
        end if;
    end if;
    raise insufficient_privilege using message = 'rollcall.report_pass holds no pass that is good now';
end
$$;

revoke all on function rollcall.report_pass_org_ids() from public;
grant execute on function rollcall.report_pass_org_ids() to rollcall_reader;

-- Why a procedure: a table that a later migration lets the reader see is bound by the same policy, by one call.
create procedure rollcall.bind_reader(p_table regclass)
language plpgsql
as $$
begin
    execute format(
        'create policy report_pass on %s as restrictive to rollcall_reader'
        ' using (org_id = any ((select rollcall.report_pass_org_ids())::uuid[]))', p_table
    );
end
$$;

do $$
declare
    v_table regclass;
begin
    -- The tables that views and procedures of reports read; the grants themselves stand beside those.
    foreach v_table in array array[
        'rollcall.course_progress', 'rollcall.course_cohorts', 'rollcall.course_statistics',
        'rollcall.lesson_statistics', 'rollcall.org_enrollment_stats', 'rollcall.organisation_statistics',
        'rollcall.daily_course_rollups', 'rollcall.daily_durations', 'rollcall.daily_rollups',
        'rollcall.hourly_rollups'
    ]::regclass[] loop
        call rollcall.bind_reader(v_table);
    end loop;
end
$$;
