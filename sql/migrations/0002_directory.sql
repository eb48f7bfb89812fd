-- Organisations, learners, courses and lessons become known by first use; an assignment may name them before.
-- Why no foreign keys between them: each event would pay for the look-ups, and its procedure writes them itself.

create table rollcall.organisations (
    org_id uuid primary key,
    first_seen_at timestamptz not null
);

create table rollcall.learners (
    org_id uuid not null,
    user_id uuid not null,
    first_seen_at timestamptz not null,
    primary key (org_id, user_id)
);

create table rollcall.courses (
    org_id uuid not null,
    course_id text not null check (length(course_id) between 1 and 128),
    first_seen_at timestamptz not null,
    primary key (org_id, course_id)
);

create table rollcall.lessons (
    org_id uuid not null,
    course_id text not null check (length(course_id) between 1 and 128),
    lesson_id text not null check (length(lesson_id) between 1 and 128),
    first_seen_at timestamptz not null,
    primary key (org_id, course_id, lesson_id)
);

create table rollcall.assignments (
    org_id uuid not null,
    user_id uuid not null,
    course_id text not null check (length(course_id) between 1 and 128),
    assigned_by uuid,
    due_at timestamptz,
    assigned_at timestamptz not null default now(),
    primary key (org_id, user_id, course_id)
);

-- An event that names no organisation is resolved by learner and course, across the token's organisations.
create index assignments_by_learner on rollcall.assignments (user_id, course_id);

call rollcall.secure_organisation_rows('rollcall.organisations');
call rollcall.secure_organisation_rows('rollcall.learners');
call rollcall.secure_organisation_rows('rollcall.courses');
call rollcall.secure_organisation_rows('rollcall.lessons');
call rollcall.secure_organisation_rows('rollcall.assignments');
