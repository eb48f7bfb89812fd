"""Diagnostics: Prometheus' text format, read back by its rules, and media types as clients weigh them."""

import re

import pytest
from rollcall.contracts.health.health import Diagnostics, Metric, Sample
from rollcall.domain.health.diagnostics import diagnose, write_prometheus
from rollcall.domain.media_type import choose

from tests.builders import NOW
from tests.unit.health.fakes import HealthRoom

SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (-?[0-9.e+-]+)$')
TYPES = ("application/json", "text/plain")


def text_of(*metrics: Metric) -> list[str]:
    return write_prometheus(Diagnostics(measured_at=NOW, metrics=list(metrics))).splitlines()


def test_labels_and_help_are_escaped() -> None:
    """Backslash and line feed in both, quotes in labels alone."""
    hostile = 'a\\b\n"c"'
    lines = text_of(Metric(name="rollcall_x", help=hostile, samples=[Sample(labels={"queue": hostile}, value=1)]))
    assert lines == [
        '# HELP rollcall_x a\\\\b\\n"c"',
        "# TYPE rollcall_x gauge",
        'rollcall_x{queue="a\\\\b\\n\\"c\\""} 1.0',
    ]


def test_every_number_of_a_snapshot_is_written_by_the_rules() -> None:
    """Help and type once and first, names of ours, no sample twice, and an end of line at the end."""
    room = HealthRoom(gaps=["table:x"], dead_letters=2)
    room.watch().look()
    text = write_prometheus(diagnose(room.kept().health))
    assert text.endswith("\n")
    seen: set[str] = set()
    name = ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert name.startswith("rollcall_")
        elif line.startswith("# TYPE "):
            assert line == f"# TYPE {name} gauge"
        else:
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == name
            assert line.rpartition(" ")[0] not in seen
            seen.add(line.rpartition(" ")[0])
    assert text.count("# HELP rollcall_slo_value ") == 1
    assert 'rollcall_dead_letters_open{queue="spool"} 2.0' in text
    assert "rollcall_organisation_gaps 1.0" in text


def test_what_nobody_knows_has_no_sample() -> None:
    """A zero would be a lie."""
    room = HealthRoom(is_reachable=False, depths={"spool": None})
    room.watch().look()
    text = write_prometheus(diagnose(room.kept().health))
    assert "rollcall_health_status 2.0" in text
    assert "rollcall_database_reachable 0.0" in text
    for unknown in ("rollcall_offline_queue_backlog", "rollcall_organisation_gaps", 'dead_letters_open{queue="spool"}'):
        assert unknown not in text


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("text/plain;q=0.5, application/json;q=0.4", "text/plain"),
        ("TEXT/PLAIN; version=0.0.4", "text/plain"),
        ("text/*;q=0.2, */*;q=0.1", "text/plain"),
        ("*/*, application/json;q=0", "text/plain"),
        ("text/plain;q=nonsense, */*;q=0.5", "application/json"),
        ("image/png", None),
        (",,;", "application/json"),
    ],
)
def test_the_type_that_is_liked_best_is_chosen(accept: str, chosen: str | None) -> None:
    """By weight, the narrower range first, ours first among equals."""
    assert choose(accept, TYPES) == chosen
