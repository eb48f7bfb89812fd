"""Kinds of declared properties: what fits one is kept, and a personal value in its place is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rollcall.domain.scrub.scrubber import Scrubber

from tests.given_names import GIVEN_NAMES

EVENT_OF = {
    "cost_currency": "process_completed", "$browser": "$pageview", "percent": "lesson_viewed",
    "passed": "lesson_viewed", "player": "video_played", "lib": "$pageview", "timezone_offset": "$pageview",
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
    ("app_version", ["124.0.0.0", "127.0.0.0", "172.0.0.0", "10.0.22631.2861", "605.1.15", "18.19041"]),
    ("app_version", ["442.0.0.31.112", "22.04", "20.04.1", "2024.3.1", "2025.10.2", "2024.1.12345", "2.14.12345"]),
    ("app_version", ["next-1.70.0", "npm:next-1.84.3", "npm:1.2.3", "version 2.1", "release-4.2.0"]),
    ("app_version", ["1.0.0-beta.2+exp.sha.5114f85", "1.0.0+20.abc1234", "1.0 (42)", "2.14.0 (build 1234)"]),
    (
        "app_version",
        ["2.14.3+12345", "1.0.0+12345", "115.0esr", "4.0.0-next.12", "1.0 (123456)", "1.2.3+1234", "3.2-14"],
    ),
    ("app_version", ["2.1+gdeadbee", "1.2.3-14-g1a2b3c4", "1.2.3-1", "17.4", 17.4, 42, "1.0.0+build.42", "5.0-rc.1"]),
    ("locale", ["en-US-u-hc-h23", "ca-ES-valencia", "sr_RS@latin", "en_US.utf8", "de_DE.ISO8859-1@euro", "de-1996"]),
    ("locale", ["ar-EG-u-nu-latn-ca-islamic", "en_US_POSIX", "zh-Hans-CN-u-co-pinyin", "hy-arevmda"]),
    ("timezone", ["europe/london", "AMERICA/NEW_YORK", "UTC+2", "GMT-5", "UTC+5:30", "+2", "Z", -120, 0, 345, 840]),
    ("started_at", ["2021-01-02T10:00:00Z", "2026-03-10 06:15:00", 1_609_460_000]),
    ("duration_ms", ["PT90M", "PT5400S", "PT1M30.5S", "P7D", "PT168H", 99_999_999, 604_800_000, 100_000_000]),
    (
        "os_name",
        [
            "Mac OS X",
            "Windows",
            "Windows 10",
            "macOS 14.2",
            "iOS",
            "Android 13",
            "Linux x86_64",
            "iPhone OS",
            "Mac OS X 10.15.7",
        ],
    ),
    (
        "browser_name",
        [
            "Chrome",
            "Mobile Safari",
            "Microsoft Edge",
            "Samsung Internet",
            "Chrome 120",
            "Edge WebView2",
            "Android WebView",
        ],
    ),
    ("device_type", ["Desktop", "mobile", "tablet", "iPad", "smartphone", "Chromebook"]),
    ("device_class", ["phone", "low-end", "interactive-whiteboard"]),
    ("platform", ["ios", "android", "web", "react-native", "moodle", "electron", "chromeos"]),
    ("environment", ["production", "staging", "dev", "local"]),
    ("page_name", ["Home", "Course Overview", "lesson-player", "Quiz results", "courses/lessons"]),
    ("screen_name", ["Lessons", "Settings", "home"]),
    ("lib", ["web", "posthog-js", "posthog-react-native", "posthog-python"]),
    ("timezone_offset", [-120, 0, 840]),
    ("player", ["youtube", "html5", "video.js", "JW Player"]),
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
    ("app_version", ["2014-3-2", "14-03-02", "11-22-63", "2014.0302", "5551-2345", "20.7946.0958", "49.151.23456"]),
    ("app_version", ["1555.123.4567", "0-1632-9609", "14.03.02", "2014.3.2", "3.2.2014", "2014.3-2", "3+2.2014"]),
    (
        "app_version",
        ["415 (555267)", "555.1234", "867.5309", "12.34.56.78", "1231.2014", "1.0-rc.123456.7890", "7-120314"],
    ),
    (
        "app_version",
        [
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.1.1",
            "203.0.113.9",
            "93.184.216.34",
            "81.2.69.160",
            "125.0.152.142",
            "4.15.0.112",
        ],
    ),
    ("app_version", ["415.555+2671", "44.1632+960961", "49.30+123456", "123.45+6789", "0.30+123456", "943.476-5919"]),
    (
        "app_version",
        ["02.03-14", "2.03+14", "31.12-80", "1.0-02-03-14", "1.0-rc.14-3-2", "1.0+020314", "1.0-rc.140302"],
    ),
    ("app_version", ["1.0 (020314)", "1.0-415-555", "1.0-rc.555-123-4"]),
    ("app_version", ["npm:emma-1.0", "emma-1.70.0", "1.0.0+exp.emma", "1.0 (emma)", "1.0.0+kim.sha.5114f85", "npm:"]),
    ("app_version", ["v 5551234", "build 140302", "1.0 (5551234)", "1.0+5551234", 5_551_234, -1, 1e9, float("nan")]),
    (
        "locale",
        ["en-US-u-hc-emma", "ca-ES-emma", "sr_RS@emma", "en_US.emma", "en-x-emma", "en-u-em-ma", "en-u", "de-1985"],
    ),
    ("timezone", ["europe/emma", "UTC+22", "UTC+2:22", "+442", "ZZ", "israel", 5_551_234, 7, 855, 1.5, True]),
    (
        "started_at",
        ["2014-03-01T23:00:00Z", "1980-03-02T12:00:00Z", "0000-99-99T99:99:99Z", "2026-02-30T10:00:00Z", 1_393_714_800],
    ),
    ("started_at", ["2014-03-02T10:11:12+01:00", "2055-01-01T10:00:00Z", 1_393_714_800_000, float("nan")]),
    (
        "duration_ms",
        [20_140_302, 2_032_014, 31_122_013, "PT4155M5552S", "PT1H60M", "P8D", "PT169H", "PT604801S", "P1DT24H"],
    ),
    ("position", [2_032_014, 1_032_014, -1_032_014, 1_032_014.0]),
    (
        "os_name",
        [
            "emma.mueller",
            "Emma",
            "Windows 5551234",
            "Emmas-Windows",
            "Windows Emma",
            "Emma 10",
            "Windows 14.03.02",
            "Windows 20140302",
        ],
    ),
    ("browser_name", ["Emma", "chrome-emma", "kim miller"]),
    ("device_type", ["Emmas-iPad", "Emmas iPhone", "iPad von Emma", "iPad 14.03.02"]),
    ("platform", ["mueller", "emma", "42", 42]),
    ("environment", ["emma", "emma-dev", "5551234"]),
    ("lib", ["emma", "posthog-emma"]),
    ("timezone_offset", [5_551_234, 7, "5551234", 900]),
    ("player", ["emma", "kim's player"]),
    ("page_name", ["", "  ", 42, "https://a.example/users/emma#x", "x" * 200]),
]


@pytest.mark.parametrize(("name", "values"), KEPT)
def test_what_fits_its_kind_is_kept(scrubber: Scrubber, name: str, values: list[object]) -> None:
    """Versions, languages and time zones as clients really write them."""
    for value in values:
        assert scrubber.scrub_properties(EVENT_OF.get(name, "page"), {name: value}).value == {name: value}


@pytest.mark.parametrize(("name", "values"), DROPPED)
def test_a_personal_value_does_not_pass_as_another_kind(scrubber: Scrubber, name: str, values: list[object]) -> None:
    """An address, a person's number or a name may look like a version, language or zone: dropped, with a remark."""
    for value in values:
        scrubbed = scrubber.scrub_properties(EVENT_OF.get(name, "page"), {name: value})
        assert scrubbed.value == {}, value
        assert [remark.path for remark in scrubbed.remarks] == [name]


PEOPLE = ["Emma-Mueller", "Emma", "emma mueller", "Profile of Emma", "Hello Emma!", "user/emma", "lesson-emma", "7b"]


@pytest.mark.parametrize("name", ["page_name", "screen_name"])
def test_a_page_that_may_be_called_by_a_person_is_kept_as_a_pseudonym(scrubber: Scrubber, name: str) -> None:
    """The same for the same name, so that pages are still counted; and scrubbing again changes nothing."""
    event = "screen" if name == "page_name" else "$screen"
    for value in PEOPLE:
        kept = scrubber.scrub_properties(event, {name: value}).value
        assert value not in str(kept)
        assert "emma" not in str(kept).lower()
        assert list(kept) == [name]
        assert scrubber.scrub_properties(event, kept).value == kept
        assert scrubber.scrub_properties(event, {name: value}).value == kept


def test_long_durations_are_kept_to_the_second(scrubber: Scrubber) -> None:
    """A number of nine digits may be a telephone's: what is below the second of days is of no use."""
    for value, kept in ((151_234_567, 151_234_000), (604_799_999, 604_799_000), (123_456_789.5, 123_456_000)):
        found = scrubber.scrub_properties("page", {"duration_ms": value}).value
        assert found == {"duration_ms": kept}
        assert scrubber.scrub_properties("page", found).value == found


def test_software_of_the_context_is_from_closed_lists(scrubber: Scrubber) -> None:
    """As Segment's and RudderStack's libraries tell it, and not as a person would name a device."""
    context = {
        "library": {"name": "RudderLabs JavaScript SDK", "version": "npm:next-1.84.3"},
        "os": {"name": "Mac OS X", "version": "10.15.7"},
        "device": {"type": "Android"},
    }
    assert scrubber.scrub_properties("page", {"context": context}).value == {"context": context}
    hostile = {"library": {"name": "emma"}, "os": {"name": "emma.mueller"}, "device": {"type": "Emmas-iPad"}}
    assert "mma" not in str(scrubber.scrub_properties("page", {"context": hostile}).value)


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
    "os_name",
    "platform",
    "environment",
    "lib",
    "player",
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
    """For any input: scrubbing twice changes nothing, and no text outside the vocabularies is kept."""
    event = EVENT_OF.get(name, "page")
    kept = scrubber.scrub_properties(event, {name: value}).value
    assert scrubber.scrub_properties(event, kept).value == kept
    text = next(iter(kept.values()), None)
    assert not isinstance(text, str) or text.isascii()
