"""Dates: found within tokens, where they may be when somebody was born."""

import pytest
from rollcall.domain.scrub.rules.dates import holds_date
from rollcall.domain.scrub.text import TextScrubber

DATES = (
    "2014-03-02", "2014/03/02", "2014.03.02", "2014_03_02", "2014:03:02", "2014+3+2", "02.03.2014", "2.3.2014",
    "02-03-2014", "02/03/2014", "03_02_2014", "12-31-2014", "20140302", "02032014", "2-mar-2014", "14mars2014",
    "2014-mar-02", "2.Mai.2014", "31_dec_1999", "1999-12-31T00:00:00Z", "2014-03-02T00:00:00Z",
    "2014-03-02T00:00:00+02:00",
)  # fmt: skip
AROUND = ("{}", "dob-{}", "dob{}", "emma-mueller-{}", "{}-emma", "{}x", "a/{}/b", "born:{}", "id_{}_x")
NO_DATES = (
    "course-v1:Org+CS101+2026_T1", "lesson-4711", "unit-3.2.1", "v2.14.0", "2026-q1", "spring-2026", "week-12-2026",
    "2014-13-02", "2014-03-32", "20141302", "12/3/4", "2026-2027", "1-2-3", "2014-2-x", "99999999", "12345678",
    "mars2014x", "120.0.6099.109", "20990101",
)  # fmt: skip


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("date", DATES)
def test_a_token_with_a_date_in_it_is_none(date: str, around: str) -> None:
    """Wherever in it, and however it is written."""
    text = around.format(date)
    assert holds_date(text)
    assert not TextScrubber().is_clean_token(text)


@pytest.mark.parametrize("text", NO_DATES)
def test_terms_versions_and_numbers_are_no_dates(text: str) -> None:
    """A year alone, or a day that there is not."""
    assert not holds_date(text)
    assert TextScrubber().is_clean_token(text)
