-- Rebuilding rollups is an operation: long work that a person asked for.
alter type rollcall.operation_kind add value 'rollup';
