-- Ids of courses and lessons that an organisation's administrators let through, although a value rule takes them for
-- somebody's: a date in them, a number in the form of a telephone's.

create table rollcall.course_catalogues (
    org_id uuid not null,
    item_id text not null check (length(item_id) between 1 and 128),
    primary key (org_id, item_id)
);

-- Who changed the catalogue, and by how much; the last hundred of an organisation (set_catalogue_v1).
create table rollcall.catalogue_changes (
    org_id uuid not null,
    changed_at timestamptz not null default clock_timestamp(),
    changed_by text not null check (length(changed_by) between 1 and 128),
    reason text check (length(reason) between 1 and 256),
    added integer not null check (added >= 0),
    removed integer not null check (removed >= 0),
    primary key (org_id, changed_at)
);

call rollcall.secure_organisation_rows('rollcall.course_catalogues');
call rollcall.secure_organisation_rows('rollcall.catalogue_changes');
