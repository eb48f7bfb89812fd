-- Organisations take turns: which one a worker served last, and when an operation is to be gone on with.

-- One row an organisation that ever had an operation. Why beside operations: finished ones go, and the turn must stay.
create table rollcall.operation_turns (
    org_id uuid primary key,
    served_at timestamptz not null
);

call rollcall.secure_organisation_rows('rollcall.operation_turns');

-- When its next chunk may begin: it rests after a chunk (its rate), and after something was away. Null: at once.
alter table rollcall.operations add column due_at timestamptz;

-- Chosen by a worker that is about to take the lease: nobody else chooses it until then.
alter table rollcall.operations add column held_until timestamptz;

-- What waits for a worker, whoever asked for it.
create index operations_unfinished on rollcall.operations (org_id) where state in ('queued', 'running');
