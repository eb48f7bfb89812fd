"""Kinds of declared properties: what fits one is kept, and a personal value in its place is not."""

import pytest
from rollcall.domain.scrub.scrubber import Scrubber

KEPT = [
    ("app_version", ["2.14.0", "v3.1", "120.0.6099.109", "1.0.0-beta.2", "2024.3", "17"]),
    ("locale", ["de", "en-GB", "zh_Hans_CN", "sr-Latn-RS", "es-419"]),
    ("timezone", ["Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+2", "UTC", "+02:00"]),
    ("section", ["intro", "unit-3", "2026-q1"]),
]
DROPPED = [
    ("app_version", ["192.168.1.77", "536-22-1234", "555-867-5309", "943-476-5919", "4111-1111-1111-1111"]),
    ("app_version", ["2011-03-14", "14.03.2011", "14.3.2011"]),
    ("locale", ["Ann-Schmidt", "Ann-Emma", "mia_jones", "de-Schmidt"]),
    ("timezone", ["Emma", "Emma_Watson", "Emma/Watson", "Watson/Emma/Grace"]),
    ("section", ["2011-03-14", "14.03.2011"]),
]


@pytest.mark.parametrize(("name", "values"), KEPT)
def test_what_fits_its_kind_is_kept(scrubber: Scrubber, name: str, values: list[str]) -> None:
    """Versions, languages and time zones as clients really write them."""
    for value in values:
        assert scrubber.scrub_properties("page", {name: value}).value == {name: value}


@pytest.mark.parametrize(("name", "values"), DROPPED)
def test_a_personal_value_does_not_pass_as_another_kind(scrubber: Scrubber, name: str, values: list[str]) -> None:
    """An address, a number of a person or a name may look like a version, a language or a zone: dropped, and told."""
    for value in values:
        scrubbed = scrubber.scrub_properties("page", {name: value})
        assert scrubbed.value == {}, value
        assert [remark.path for remark in scrubbed.remarks] == [name]
