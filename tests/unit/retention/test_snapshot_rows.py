"""Rows of snapshots are written as they were read, to the last digit."""

import pytest
from rollcall.domain.retention.snapshot import read_row, write_row


@pytest.mark.parametrize(
    "line",
    [
        '{"percent": 80.00, "time_spent_seconds": 60}',
        '{"properties": {"huge": 12345678901234567890123456789.50, "tiny": 0.00000000000000000001, "score": 0.10}}',
        '{"properties": {"list": [1, 2.0, null, true, {}], "below": -7.500, "large": 10000000000000000000000000000}}',
        r'{"1.0": "1.0", "name": "ü\n\"\\\u0001\b", "remarks": []}',
    ],
)
def test_a_row_is_written_as_it_was_read(line: str) -> None:
    """Numbers keep their digits, large and small ones; texts keep their escapes."""
    assert write_row(read_row(line)) == line
    assert write_row(read_row(line.encode())) == line


def test_members_are_in_the_order_of_the_database() -> None:
    """A changed row may have its members in another order: by length, then by bytes."""
    assert write_row({"long": 1, "é": 2e-7, "z": 3, "a": 4}) == '{"a": 4, "z": 3, "é": 0.0000002, "long": 1}'
