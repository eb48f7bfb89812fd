"""Whatever takes a text from outside takes the worst text of each rule in linear time."""

from collections.abc import Callable
from functools import partial

import pytest
from rollcall.domain.dead_letters.shape import shape_texts
from rollcall.domain.ingest.attributes import AttributeRule, find_fault
from rollcall.domain.scrub.identifiers import find_personal_identifier
from rollcall.domain.scrub.key_name import words_of
from rollcall.domain.scrub.kinds import KINDS, Kind
from rollcall.domain.scrub.means import Means
from rollcall.domain.scrub.rule import TooManyCandidates
from rollcall.domain.scrub.rules.families import RULES
from rollcall.domain.scrub.scrubber import Scrubber
from rollcall.domain.scrub.selector import Selector
from rollcall.domain.scrub.text import TextScrubber
from rollcall.domain.scrub.url_path import UrlPaths
from rollcall.errors import PolicyInvalid, ScrubFailed

from tests.unit.patterns.attacks import attacks
from tests.unit.patterns.clock import SIZE, readings, seconds

REFUSED = (TooManyCandidates, ScrubFailed, PolicyInvalid)
SMALL, SMALL_SECONDS_MAX = 2_048, 1.0
OF_EACH_RULE = 3
SUSPECTS = 2
# All rules one after another, each of them several times: behind encodings, and until nothing is found.
READINGS_MAX = 200.0
BACKTRACKED = "+" + "1" * 60 + "a"


def _worst() -> list[str]:
    """Return for each rule what keeps it busiest."""
    units = [BACKTRACKED, "%2B" + "1" * 60 + "a"]
    for rule in RULES:
        timed = {unit: seconds(partial(rule.find, _long(unit)), REFUSED) for unit in attacks(rule.pattern)[:120]}
        units += sorted(timed, key=timed.__getitem__)[-OF_EACH_RULE:]
    return list(dict.fromkeys(units))


def _long(unit: str, size: int = SMALL) -> str:
    return (unit * (size // len(unit) + 1))[:size]


@pytest.fixture(scope="module")
def worst() -> list[str]:
    return _worst()


def _accepted(kind: Kind, scrubber: Scrubber, text: str) -> object:
    urls = UrlPaths(scrubber.policy.routes, scrubber.pseudonymiser)
    return kind.accept(text, Means(scrubber.policy.texts, urls))


ENTRIES: dict[str, Callable[[Scrubber, str], object]] = {
    "an id of a course or lesson": lambda _, text: find_personal_identifier(text),
    "an attribute": lambda _, text: find_fault({"stage": text}, AttributeRule(frozenset({"stage"}))),
    "the shape of a body": lambda _, text: shape_texts({text: text}),
    "a text": lambda scrubber, text: scrubber.scrub_text(text),
    "a token": lambda _, text: TextScrubber().is_clean_token(text),
    "a name of an event": lambda scrubber, text: scrubber.scrub_name(text),
    "an identifier": lambda scrubber, text: scrubber.scrub_identifier(text),
    "a key of a document": lambda scrubber, text: scrubber.scrub_document({text: 1}),
    "a value of a document": lambda scrubber, text: scrubber.scrub_document({"a": text}),
    "a key of properties": lambda scrubber, text: scrubber.scrub_properties("page", {text: 1}),
    "a key's words": lambda _, text: words_of(text),
    "a selector": lambda _, text: Selector.parse(text),
    **{f"a property of kind {name}": partial(_accepted, kind) for name, kind in KINDS.items()},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_takes_linear_time_whatever_it_gets(name: str, scrubber: Scrubber, worst: list[str]) -> None:
    """256 KB of what keeps the rules busiest, and the short text that once took five seconds."""
    work = partial(ENTRIES[name], scrubber)
    assert seconds(partial(work, BACKTRACKED), REFUSED) < SMALL_SECONDS_MAX
    taken = {unit: seconds(partial(work, _long(unit)), REFUSED) for unit in worst}
    assert max(taken.values()) < SMALL_SECONDS_MAX
    for unit in sorted(taken, key=taken.__getitem__)[-SUSPECTS:]:
        least = readings(partial(work, _long(unit, SIZE)), READINGS_MAX, REFUSED)
        assert least <= READINGS_MAX, unit[:80]
