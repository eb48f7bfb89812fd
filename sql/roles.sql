-- The four roles and the schema. Runs first at every migration, as whoever administers the database.
-- Why not a migration: roles belong to the whole cluster, so a second database on it finds them there already.
do $$
declare
    v_role text;
begin
    foreach v_role in array array['rollcall_owner', 'rollcall_app', 'rollcall_ops', 'rollcall_reader'] loop
        if not exists (select from pg_roles where rolname = v_role) then
            -- Two migrations may start at once on one cluster: the loser finds the role made.
            begin
                execute format('create role %I nologin nosuperuser nobypassrls', v_role);
            exception
                when duplicate_object or unique_violation then null;
            end;
        end if;
    end loop;
    if not pg_has_role(current_user, 'rollcall_owner', 'member') then
        execute format('grant rollcall_owner to %I', current_user);
    end if;
end
$$;

create schema if not exists rollcall authorization rollcall_owner;
revoke all on schema rollcall from public;
grant usage on schema rollcall to rollcall_app, rollcall_ops, rollcall_reader;
-- Functions are executable by everyone unless told otherwise; here each grant is named beside its procedure.
alter default privileges for role rollcall_owner revoke execute on functions from public;

-- Limits belong to the role: behind RDS Proxy or pgbouncer a session has no settings of its own.
alter role rollcall_app set statement_timeout = '5s';
alter role rollcall_app set lock_timeout = '4s';
alter role rollcall_app set idle_in_transaction_session_timeout = '10s';
alter role rollcall_ops set lock_timeout = '5s';
