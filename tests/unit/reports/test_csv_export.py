"""CSV that a spreadsheet opens without running anything of it, and a program reads back as it was."""

import csv
import io
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rollcall.domain.reports.csv_export import BYTE_ORDER_MARK, SEPARATORS, guard, write_csv

from tests.checkout import ROOT

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
FORMS = (
    "=+-@\u2212\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u207a\u207b\u207c\u208a\u208b\u208c"
    "\ufb29\u2010\u2013\u2014\u2a75"
)
STRIPPED = (
    "\x00\x01\x1f\x7f\xad\u034f\u061c\u115f\u180b\u180e\u200b\u200f\u202e\u2060\u2066\u206f\u2800"
    "\u3000\u3164\ue000\ufe0f\ufff9\U000e0001\U000e0041\U000e0100"
)
hostile = st.text(st.sampled_from([*FORMS, *STRIPPED[1:], *SEPARATORS, *" \"'a1\u00a0\ufeff\u200b"]), max_size=20)


def read(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator))


@given(rows=st.lists(st.tuples(texts | hostile, st.one_of(texts, st.integers(), st.none())), max_size=8))
def test_what_was_written_is_read_back(rows: list[tuple[str, str | int | None]]) -> None:
    """Any texts, with quotes, commas and ends of lines in them, come back; a guard stands before what needs one."""
    header, *found = read(write_csv(["name", "value"], rows))

    assert header == ["name", "value"]
    assert found == [[expected(value) for value in row] for row in rows]


def expected(value: str | int | None) -> str:
    if isinstance(value, str):
        return guard(value)
    return "" if value is None else str(value)


@given(text=texts | hostile)
def test_a_guard_only_puts_in(text: str) -> None:
    """Without its `'`, a text is what it was; guarded twice is guarded once."""
    guarded = guard(text)

    assert guard(guarded) == guarded
    assert guarded.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@given(first=texts | hostile, second=texts | hostile)
def test_no_cell_begins_like_a_formula_whatever_the_separator(separator: str, first: str, second: str) -> None:
    """Nor where a spreadsheet splits at another separator than ours, nor behind what it strips before it looks."""
    written = write_csv(["a", "b"], [[first, second]])
    cells = re.split(rf"[{separator}\r\n]", written)
    for cell in cells:
        stripped = "".join(each for each in cell if not each.isspace() and each not in f'"\ufeff{STRIPPED}')
        assert not stripped.startswith(tuple(FORMS)), ascii(cell)


@pytest.mark.parametrize("form", FORMS, ids=ascii)
def test_every_form_of_an_opener_is_guarded_behind_whatever_is_not_seen(form: str) -> None:
    """First, and behind each kind of separator; a harmless word behind the same is left alone."""
    for hidden in ("", *STRIPPED, " ", "\u00a0", '"', "\xad\x00 "):
        assert guard(f"{hidden}{form}1") == f"'{hidden}{form}1"
        assert guard(f"a{form}1{hidden}") == f"a{form}1{hidden}"
        assert guard(f"{hidden}a{form}1") == f"{hidden}a{form}1"
        for separator in SEPARATORS:
            assert guard(f"a{separator}{hidden}{form}1") == f"a{separator}'{hidden}{form}1"
            assert guard(f"a{separator}{hidden}b{form}1") == f"a{separator}{hidden}b{form}1"


CASES = [
    ('=HYPERLINK("https://example.org","x")', '\'=HYPERLINK("https://example.org","x")'),
    ("+1", "'+1"),
    ("-2+3", "'-2+3"),
    ("@SUM(A1)", "'@SUM(A1)"),
    ("\t=1", "'\t'=1"),
    ("\r=1", "'\r'=1"),
    ("=1,2", "'=1,2"),
    ("\uff1d1+1", "'\uff1d1+1"),
    ("\uff0b1", "'\uff0b1"),
    ("\uff0d1", "'\uff0d1"),
    ("\uff20SUM(A1)", "'\uff20SUM(A1)"),
    ("\u22121", "'\u22121"),
    ("a;=1+1", "a;'=1+1"),
    ("a; =1+1", "a;' =1+1"),
    ('a;"=1+1"', 'a;\'"=1+1"'),
    ("a,=1+1", "a,'=1+1"),
    ("a\t@x", "a\t'@x"),
    ("a|-1", "a|'-1"),
    ("a\n=1", "a\n'=1"),
    ("a\r\n+1", "a\r\n'+1"),
    ("a\u2028=1", "a\u2028'=1"),
    ("a;\uff1d1", "a;'\uff1d1"),
    (" =1", "' =1"),
    ("\u00a0=1", "'\u00a0=1"),
    ("\ufeff=1", "'\ufeff=1"),
    ('"=1', "'\"=1"),
    ("algebra", "algebra"),
    ("course-v1:Org+Course+2026", "course-v1:Org+Course+2026"),
    ("a=b", "a=b"),
    ("a; b", "a; b"),
    ("1 - 2", "1 - 2"),
    ("kim@school.example", "kim@school.example"),
    ("'=1", "'=1"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "guarded"), CASES, ids=[ascii(text) for text, _ in CASES])
def test_what_is_guarded(text: str, guarded: str) -> None:
    """What is known to be tried gets a guard and quotes, and keeps every character; what is harmless stays as it is."""
    written = write_csv(["c"], [[text]])

    assert guard(text) == guarded
    assert (read(written)[1:] or [[""]])[0] == ([guarded] if text else [])
    assert guarded == text or written.splitlines()[1].startswith('"')


def test_numbers_stay_numbers() -> None:
    """A number below zero is no formula, and nothing is written of what is not known."""
    assert write_csv(["a", "b", "c"], [[-1, 0.5, None]]) == "a,b,c\r\n-1,0.5,\r\n"


def test_excel_is_given_its_mark() -> None:
    """First of all, once, and only where it is asked for."""
    plain, marked = write_csv(["a"], [["é"]]), write_csv(["a"], [["é"]], for_excel=True)

    assert marked == BYTE_ORDER_MARK + plain
    assert BYTE_ORDER_MARK not in plain
    assert list(csv.reader(io.StringIO(marked.encode().decode("utf-8-sig")))) == [["a"], ["é"]]


@pytest.mark.parametrize("part", [";", " ", "\t", '"', ";\t", "\ufeff", "\xad", ";\xad", "; ", "'", ";'"])
def test_guarding_takes_linear_time(part: str) -> None:
    """Whatever is repeated before what is no formula after all."""
    started = time.process_time()
    guard(part * 200_000 + "a")
    assert time.process_time() - started < 1


def test_one_function_writes_all_csv() -> None:
    """Code that writes CSV elsewhere would write it without the guard."""
    writes = re.compile(r"csv\.(writer|DictWriter)|\bwriter\(|DictWriter|\.to_csv\(")
    sources = [path for room in ("layers/rollcall", "functions", "workbench") for path in (ROOT / room).rglob("*.py")]

    assert len(sources) > 100
    assert [path.name for path in sources if writes.search(path.read_text(encoding="utf-8"))] == []
