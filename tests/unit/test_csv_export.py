"""CSV that a spreadsheet opens without running anything of it, and a program reads back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.csv_export import FORMULA_BEGINS, GUARD, write_csv

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(rows=st.lists(st.tuples(texts, st.one_of(texts, st.integers(), st.none())), max_size=8))
def test_what_was_written_is_read_back(rows: list[tuple[str, str | int | None]]) -> None:
    """Any texts, with quotes, commas and ends of lines in them, come back; a guard stands before what needs one."""
    header, *found = read(write_csv(["name", "value"], rows))

    assert header == ["name", "value"]
    assert found == [[expected(value) for value in row] for row in rows]


def expected(value: str | int | None) -> str:
    text = "" if value is None else str(value)
    return GUARD + text if isinstance(value, str) and text.startswith(FORMULA_BEGINS) else text


@given(text=texts)
def test_no_text_begins_like_a_formula(text: str) -> None:
    """No cell made of a text begins with = + - @ or a control character that a spreadsheet skips."""
    (cell,) = read(write_csv(["c"], [[text]]))[1:] or [[""]]
    assert not "".join(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("https://example.org","x")', "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=1,2"]
)
def test_known_formulas_are_guarded(text: str) -> None:
    """What is known to be tried gets a guard, and keeps every character."""
    assert read(write_csv(["c"], [[text]]))[1] == [GUARD + text]


def test_numbers_stay_numbers() -> None:
    """A number below zero is no formula, and nothing is written of what is not known."""
    assert write_csv(["a", "b", "c"], [[-1, 0.5, None]]) == "a,b,c\r\n-1,0.5,\r\n"
