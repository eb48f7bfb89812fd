"""Cursors come back as they were written, and any other text is refused."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.reports.cursor import NUMBER_MAX, read_cursor, write_cursor
from rollcall.errors import CursorInvalid

identifiers = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=128)


@given(course_id=identifiers, rank=st.integers(0, NUMBER_MAX))
def test_a_cursor_comes_back(course_id: str, rank: int) -> None:
    """Any identifier and any place."""
    assert read_cursor(write_cursor((course_id, rank)), (str, int)) == (course_id, rank)


def test_no_cursor_is_the_first_page() -> None:
    """Nothing given, nothing to begin after."""
    assert read_cursor(None, (str,)) is None


def made_of(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "document",
    [
        {}, [], ["a"], ["a", 1, 2], [1, "a"], ["a", "1"], ["a", 1.0], ["a", True], ["a", -1], ["a", 2**31], ["", 1],
        ["a\x00", 1], ["\ud800", 1], ["a" * 129, 1], None, "a",
    ],
)  # fmt: skip
def test_what_we_cannot_have_written_is_refused(document: Any) -> None:
    """Another form, another kind, a number beyond PostgreSQL's, a text that it does not take."""
    with pytest.raises(CursorInvalid):
        read_cursor(made_of(document), (str, int))


@given(text=st.text(st.characters(categories=["Lu", "Ll", "Nd"], include_characters="-_"), max_size=60))
def test_any_other_text_is_refused(text: str) -> None:
    """No text makes anything but a key or a refusal."""
    try:
        key = read_cursor(text, (str,))
    except CursorInvalid:
        return
    assert key is not None
    assert isinstance(key[0], str)
