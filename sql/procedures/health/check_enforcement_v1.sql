-- Checks in the catalogue whether organisations are kept apart: {table_count, gaps}. A table or partition with an
-- org_id has row-level security enabled and forced, and a policy; nothing else with an org_id keeps rows; and none of
-- the roles is, or may become, a role that row-level security does not bind.
create or replace function rollcall.check_enforcement_v1() returns jsonb
language sql stable
security definer
set search_path = rollcall, pg_temp
as $$
with kept as (
    select
        relation.relname,
        relation.relkind in ('r', 'p') and relation.relrowsecurity and relation.relforcerowsecurity
        and exists (select from pg_policy where pg_policy.polrelid = relation.oid) as is_enforced
    from pg_class as relation
    where relation.relnamespace = 'rollcall'::regnamespace
        and relation.relkind in ('r', 'p', 'm', 'f')
        and exists (
            select from pg_attribute as org_id
            where org_id.attrelid = relation.oid and org_id.attname = 'org_id' and not org_id.attisdropped
        )
),
unbound as (
    select role.rolname from pg_roles as role
    where role.rolname in ('rollcall_owner', 'rollcall_app', 'rollcall_ops', 'rollcall_reader')
        and exists (
            select from pg_roles as mighty
            where (mighty.rolsuper or mighty.rolbypassrls)
                and (mighty.oid = role.oid or pg_has_role(role.oid, mighty.oid, 'member'))
        )
)
select jsonb_build_object(
    'table_count', (select count(*) from kept),
    'gaps', (
        select coalesce(jsonb_agg(gap.of_what order by gap.of_what), '[]')
        from (
            select 'table:' || kept.relname as of_what from kept where not kept.is_enforced
            union all
            select 'role:' || unbound.rolname from unbound
        ) as gap
    )
);
$$;

revoke all on function rollcall.check_enforcement_v1() from public;
grant execute on function rollcall.check_enforcement_v1() to rollcall_ops;
