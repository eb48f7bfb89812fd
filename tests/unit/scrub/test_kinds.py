"""Kinds of declared properties: what fits one is kept, and a personal value in its place is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rollcall.domain.scrub.scrubber import Scrubber

from tests.given_names import GIVEN_NAMES

EVENT_OF = {
    "cost_currency": "process_completed", "$browser": "$pageview", "percent": "lesson_viewed",
    "passed": "lesson_viewed",
}  # fmt: skip
KEPT = [
    ("app_version", ["2.14.0", "v3.1", "120.0.6099.109", "1.0.0-beta.2", "2024.3", "17", "1.2.3-rc1", "4.0-SNAPSHOT"]),
    ("app_version", ["1.0.0+g1a2b3c4", "2.1.0-alpha+42", "3.0_build_1234", "10.0.19045", "7.1-p2", "v1.0.0-dev"]),
    ("locale", ["de", "en-GB", "zh_Hans_CN", "sr-Latn-RS", "es-419", "EN", "fil-PH", "pt_br", "en_US.UTF-8", "haw"]),
    ("timezone", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+2", "UTC", "+02:00", "GMT+01:00"]),
    ("timezone", ["Asia/Ho_Chi_Minh", "US/Pacific", "Asia/Calcutta", "-0330", "America/Ciudad_Juarez"]),
    ("section", ["intro", "unit-3", "2026-q1"]),
    ("cost_currency", ["EUR", "USD", "JPY"]),
    ("position", [0, 12, -3, 0.5, 9_999_999, 87.25]),
    ("duration_ms", [0, 86_400_000, 90_061_000, 1.5, "PT5M", "PT1H30M", "P1DT2H"]),
    ("started_at", ["2026-03-10T06:15:00Z", "2026-03-10T06:15:00.123+01:00", 1_773_121_500, 1_773_121_500_123]),
    ("lesson_id", [4711, 0, 123456]),
]
DROPPED = [
    ("app_version", ["192.168.1.77", "536-22-1234", "555-867-5309", "943-476-5919", "4111-1111-1111-1111"]),
    ("app_version", ["2011-03-14", "14.03.2011", "14.3.2011", "2011.03.14", "2011_03_14", "1.2011-03-14"]),
    ("app_version", ["36-rue-de-pologne", "12-emma", "7b-miller", "1.0-kim", "3+jane", "1.0.kim", "5-high-street"]),
    (
        "app_version",
        ["020.7946.0958", "1.0-20110314", "1.0+2011031412", "1-deadbeef", "1-abba", "Emma", "v", "4-beta-kim"],
    ),
    (
        "locale",
        ["Ann-Schmidt", "Ann-Emma", "mia_jones", "de-Schmidt", "Joe", "joe", "kim", "Bo", "Ty", "Al", "jo", "de-Jo"],
    ),
    (
        "locale",
        ["en-GB-emma", "en--GB", "-de", "de-", "en-Emma", "Max", "mia", "leo", "de_Kim", "en-US.kim", "ann", "dan"],
    ),
    ("timezone", ["Emma", "Emma_Watson", "Emma/Watson", "Watson/Emma/Grace", "Europe/Emma", "America/Kim/Miller"]),
    ("timezone", ["Asia/Kim_Miller", "US/Emma", "europe/emma", "Etc/GMT+99", "+99:00", "+44 20", "GMT+4420"]),
    ("section", ["2011-03-14", "14.03.2011"]),
    ("cost_currency", ["KIM", "LEO", "MIA", "eur", "EURO", "ANN"]),
    ("position", [867_530_912, 30_123_456, 612_345_678, -612_345_678, 2_079_460_958, 1e7 + 0.5, "12", True, 1e300]),
    ("duration_ms", [2_079_460_958, 999_999_999, -1, "PT", "P20140302D", float("inf")]),
    ("started_at", [2_025_550_123, 912_345_678, 7_911_123_456, 9_876_543_210, 442_079_460_958, "2026-03-10 Emma"]),
    (
        "started_at",
        ["2014-03-02", "2014-03-02T00:00:00Z", "2014-03-02 00:00", "2014-03-02T00:00:00.000+01:00", 1_393_718_400],
    ),
    ("lesson_id", [4_111_111_111_111_111, 442_079_460_958]),
]


@pytest.mark.parametrize(("name", "values"), KEPT)
def test_what_fits_its_kind_is_kept(scrubber: Scrubber, name: str, values: list[object]) -> None:
    """Versions, languages and time zones as clients really write them."""
    for value in values:
        assert scrubber.scrub_properties(EVENT_OF.get(name, "page"), {name: value}).value == {name: value}


@pytest.mark.parametrize(("name", "values"), DROPPED)
def test_a_personal_value_does_not_pass_as_another_kind(scrubber: Scrubber, name: str, values: list[object]) -> None:
    """An address, a number of a person or a name may look like a version, a language or a zone: dropped, and told."""
    for value in values:
        scrubbed = scrubber.scrub_properties(EVENT_OF.get(name, "page"), {name: value})
        assert scrubbed.value == {}, value
        assert [remark.path for remark in scrubbed.remarks] == [name]


NAMESAKES = {"Europe/Sofia", "BOB"}  # a capital, and what Bolivia pays with
CLOSED = (
    "app_version",
    "locale",
    "timezone",
    "cost_currency",
    "$browser",
    "percent",
    "duration_ms",
    "started_at",
    "passed",
)


@pytest.mark.parametrize("name", CLOSED)
def test_no_given_name_passes_where_a_vocabulary_is_closed(scrubber: Scrubber, name: str) -> None:
    """Alone, with a surname, behind a number or a language."""
    event = EVENT_OF.get(name, "page")
    for each in sorted(GIVEN_NAMES):
        forms = (
            each,
            each.title(),
            each.upper(),
            f"{each}-miller",
            f"1.0-{each}",
            f"de-{each}",
            f"Europe/{each.title()}",
        )
        for value in sorted({*forms} - NAMESAKES):
            assert scrubber.scrub_properties(event, {name: value}).value == {}, value


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(CLOSED), st.one_of(st.text(max_size=30), st.integers(), st.floats(), st.booleans(), st.none()))
def test_what_is_kept_once_is_kept_again(scrubber: Scrubber, name: str, value: object) -> None:
    """Whatever a client sends; scrubbing twice changes nothing, and no text of nobody's vocabulary is kept."""
    event = EVENT_OF.get(name, "page")
    kept = scrubber.scrub_properties(event, {name: value}).value
    assert scrubber.scrub_properties(event, kept).value == kept
    text = next(iter(kept.values()), None)
    assert not isinstance(text, str) or text.isascii()
