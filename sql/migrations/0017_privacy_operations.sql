-- Two more kinds of operations: erase and export, of one learner.
-- Why a migration of its own: a value that was added to a type cannot be used in the transaction that adds it.

alter type rollcall.operation_kind add value 'erase';
alter type rollcall.operation_kind add value 'export';
