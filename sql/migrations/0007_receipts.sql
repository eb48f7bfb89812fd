-- Where an event is before it is stored, or why it never will be: what a receipt is looked up in, beside the ledger.

-- One row a batch that is on its way through the queue. Removed when the batch is stored.
-- Why an array: a batch is written and removed as one row; a look-up reads the few batches that wait.
create table rollcall.queued_batches (
    org_id uuid not null,
    batch_id uuid not null,
    received_at timestamptz not null,
    event_ids uuid[] not null check (cardinality(event_ids) > 0),
    primary key (org_id, batch_id)
);

create table rollcall.rejected_events (
    org_id uuid not null,
    event_id uuid not null,
    reason text not null check (length(reason) between 1 and 64),
    rejected_at timestamptz not null,
    primary key (org_id, event_id)
);

call rollcall.secure_organisation_rows('rollcall.queued_batches');
call rollcall.secure_organisation_rows('rollcall.rejected_events');
