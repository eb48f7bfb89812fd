"""No pattern of the product backtracks: proven from its source, and tried with the worst texts made from it."""

import re
from functools import partial
from typing import Any

import pytest
from rollcall.domain.scrub.rules.telephone import INTERNATIONAL

from tests.unit.patterns.ambiguity import ways
from tests.unit.patterns.attacks import attacks, pumped
from tests.unit.patterns.clock import SIZE, readings, seconds
from tests.unit.patterns.collect import MADE_WHEN_RUN, call_sites, is_anchored, patterns

WAYS_MAX = 100
# A pattern looks at most at so many characters of each place, as many times as reading does.
READINGS_MAX = 12.0
SUSPECTS = 2
SMALL, SMALL_SECONDS_MAX = 2_048, 0.5
ALL = patterns()
READS_OWN_TEXT = ("plans.",)  # the bench, on the procedures of this repository
TRIED = [name for name in ALL if not name.startswith(READS_OWN_TEXT)]
BACKTRACKING = (
    r"(?:[ ()./-]{0,3}[0-9]{1,14}){1,7}!", r"(a+)+b", r"(a|a)*b", r"(?:a?){30}a{30}", r"(\w+\s?)*$!", r"(.*)(.*)(.*)x",
    r"(?:[0-9]{1,3}[ -]?){2,12}x",
)  # fmt: skip
LINEAR = (
    r"(?:[ ()./-]{1,3}+[0-9]{1,14}+){1,7}+!", r"(?:a++)++b", r"[a-z]{1,8}[0-9]", r"(?:cat|dog){1,9}!", r"\d+\.\d+",
    r"(?:[0-9]{1,3}[ -]){2,12}x",
)  # fmt: skip


@pytest.mark.parametrize("source", BACKTRACKING)
def test_the_proof_refuses_what_backtracks(source: str) -> None:
    """Repeats within repeats, and branches or repeats that can begin alike."""
    assert ways(re.compile(source)) > WAYS_MAX


@pytest.mark.parametrize("source", LINEAR)
def test_the_proof_takes_what_is_linear(source: str) -> None:
    """What decides by the next character, or gives nothing back."""
    assert ways(re.compile(source)) <= WAYS_MAX


def test_every_pattern_is_collected() -> None:
    """Those of rules, of functions and of the workbench; and each that is made when it is needed is known."""
    assert INTERNATIONAL.pattern in ALL.values()
    assert len(ALL) > 100
    assert {place for place, literal in call_sites() if literal is None} == MADE_WHEN_RUN


def test_a_pattern_matches_in_few_ways() -> None:
    """However long the text, a search tries a place in a handful of ways before it goes on to the next."""
    assert [name for name, pattern in ALL.items() if ways(pattern) > WAYS_MAX] == []


def _text(pattern: re.Pattern[Any], unit: str, size: int) -> Any:
    text = (unit * (size // len(unit) + 1))[:size]
    return text.encode("ascii", "replace") if isinstance(pattern.pattern, bytes) else text


def _search(pattern: re.Pattern[Any], text: Any) -> None:
    for _ in pattern.finditer(text):
        pass
    pattern.fullmatch(text)


def _begin(pattern: re.Pattern[Any], text: Any) -> None:
    pattern.match(text)
    pattern.fullmatch(text)


@pytest.mark.parametrize("name", TRIED)
def test_the_worst_texts_are_read_in_linear_time(name: str) -> None:
    """256 KB made from the pattern's own beginnings, repeats and failing ends."""
    pattern = ALL[name]
    use = _begin if is_anchored(name) else _search
    texts = [_text(pattern, unit, SMALL) for unit in attacks(pattern)]
    texts += [_text(pattern, (before + pump * SMALL)[:SMALL], SMALL) for before, pump in pumped(pattern) if pump]
    taken: dict[int, float] = {}
    for place, text in enumerate(texts):
        taken[place] = seconds(partial(use, pattern, text))
        assert taken[place] < SMALL_SECONDS_MAX, text[:80]
    for place in sorted(taken, key=taken.__getitem__)[-SUSPECTS:]:
        unit = texts[place]
        least = readings(partial(use, pattern, unit * (SIZE // SMALL)), READINGS_MAX)
        assert least <= READINGS_MAX, unit[:80]
