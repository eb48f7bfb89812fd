"""Rows of snapshots are written as they were read, to the last digit."""

import pytest
from rollcall.domain.snapshot import read_row, write_row


@pytest.mark.parametrize(
    "line",
    [
        '{"percent": 80.00, "time_spent_seconds": 60}',
        '{"properties": {"score": 0.10, "tiny": 0.00000000000000000001, "huge": 12345678901234567890123456789.50}}',
        '{"properties": {"large": 10000000000000000000000000000, "below": -7.500, "list": [1, 2.0, null, true, {}]}}',
        r'{"name": "ü\n\"\\\u0001\b", "remarks": [], "1.0": "1.0"}',
    ],
)
def test_a_row_is_written_as_it_was_read(line: str) -> None:
    """Numbers keep their digits, large and small ones; texts keep their escapes."""
    assert write_row(read_row(line)) == line
    assert write_row(read_row(line.encode())) == line
