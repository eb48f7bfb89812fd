-- One row a caller: the theoretical arrival time of the generic cell rate algorithm (GCRA, ITU-T I.371).
-- Why unlogged: a crash forgets at most a few seconds of counting, and nobody waits for its write.
-- Why no org_id: a caller is limited once, however many organisations the token holds.

create unlogged table rollcall.rate_buckets (
    subject text primary key check (length(subject) between 1 and 200),
    theoretical_arrival_at timestamptz not null
) with (fillfactor = 50);
