"""Notes: reasons and labels are kept without what is personal in them."""

import pytest
from rollcall.domain.scrub.notes import scrub_note

NOTES = {
    "Emma 2014-03-02": "Emma [removed]",
    "for 2 March 2014, as asked": "for [removed] as asked",
    "outage of 2026-03-01": "outage of 2026-03-01",
    "asked by kim@school.example": "asked by [email]",
    "see https://a.example/users/jane/grades.": "see https://a.example/users/[removed]/grades.",
    "GET /users/jane 500": "GET /users/[removed] 500",
    "users/jane": "users/[removed]",
    "and/or 3/4 of lessons": "and/or 3/4 of lessons",
    "Web client 2": "Web client 2",
}


@pytest.mark.parametrize(("text", "kept"), NOTES.items())
def test_a_note_is_kept_without_what_is_personal(text: str, kept: str) -> None:
    """Addresses of people's pages, dates of birth, and what value rules find; again, nothing changes."""
    assert scrub_note(text) == kept
    assert scrub_note(kept) == kept
