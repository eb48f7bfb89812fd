-- The four roles and the schema. Runs first at every migration, as the administrator of the database.
-- Why not a migration: roles belong to the whole cluster, so a second database on it finds them there already.
do $$
declare
    v_roles text[] := array['rollcall_owner', 'rollcall_app', 'rollcall_ops', 'rollcall_reader'];
    v_role text;
begin
    foreach v_role in array v_roles loop
        if not exists (select from pg_roles where rolname = v_role) then
            execute format('create role %I nologin nosuperuser nobypassrls', v_role);
        end if;
    end loop;
    for v_role in select rolname from pg_roles where rolname = any (v_roles) and (rolsuper or rolbypassrls) loop
        raise exception 'row-level security does not bind the role %: alter it, or remove it', v_role;
    end loop;
    -- On PostgreSQL 16 and later the creator of a role may grant it, but is no member of it until granted.
    if not (pg_has_role('rollcall_owner', 'set') and pg_has_role('rollcall_owner', 'usage')) then
        begin
            execute format('grant rollcall_owner to %I with set true, inherit true', current_user);
        exception
            when insufficient_privilege then
                raise exception
                    'rollcall_owner is another administrator''s role: ask them to `grant rollcall_owner to %`',
                    quote_ident(current_user);
        end;
    end if;
end
$$;

create schema if not exists rollcall authorization rollcall_owner;
revoke all on schema rollcall from public;
grant usage on schema rollcall to rollcall_app, rollcall_ops, rollcall_reader;
-- Snapshots are restored here for inspection. Not in a migration: the owner's role may not make schemas.
create schema if not exists rollcall_scratch authorization rollcall_owner;
revoke all on schema rollcall_scratch from public;
-- PostgreSQL lets everyone execute new functions; here each grant stands beside its procedure instead.
alter default privileges for role rollcall_owner revoke execute on functions from public;

-- Limits belong to the role: behind RDS Proxy or pgbouncer a session has no settings of its own.
do $$
declare
    v_limit record;
begin
    for v_limit in
        select wanted.role_name, wanted.setting, wanted.value
        from (
            values
            ('rollcall_app', 'statement_timeout', '5s'),
            ('rollcall_app', 'lock_timeout', '4s'),
            -- After a batch has its locks, it must read the rows that were committed meanwhile.
            ('rollcall_app', 'default_transaction_isolation', 'read committed'),
            ('rollcall_app', 'idle_in_transaction_session_timeout', '10s'),
            ('rollcall_ops', 'lock_timeout', '5s'),
            ('rollcall_ops', 'default_transaction_isolation', 'read committed'),
            -- Reports answer in milliseconds; a person who reads the views by hand may take longer, but not for ever.
            ('rollcall_reader', 'statement_timeout', '30s'),
            ('rollcall_reader', 'default_transaction_read_only', 'on'),
            ('rollcall_reader', 'idle_in_transaction_session_timeout', '60s')
        ) as wanted (role_name, setting, value)
        inner join pg_roles on wanted.role_name = pg_roles.rolname
        -- Only where it differs: an administrator who did not make these roles may not alter them.
        where not coalesce(wanted.setting || '=' || wanted.value = any (pg_roles.rolconfig), false)
    loop
        execute format('alter role %I set %I = %L', v_limit.role_name, v_limit.setting, v_limit.value);
    end loop;
end
$$;
