"""Linear time: 256 KB of hostile text in every rule in tens of milliseconds, and in proportion for more."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from rollcall.domain.scrub.folding import fold, is_escaped, unescape
from rollcall.domain.scrub.rule import Rule, TooManyCandidates
from rollcall.domain.scrub.rules.families import FAMILIES, RULES, TRIGGER
from rollcall.domain.scrub.rules.family import Family
from rollcall.domain.scrub.rules.text_profile import TextProfile
from rollcall.domain.scrub.text import TextScrubber
from rollcall.errors import ScrubFailed

SMALL, SIZE = 4_096, 262_144
# A rule takes about 50 ms at most on a quiet machine (docs/explanation/privacy.md). Other work on the same cores slows
# a rule down up to fourfold. A rule that is not linear takes minutes.
TIME_MAX = 4 * 0.050
TRIES = 8
SUSPECTS = 5
# Units that make rules begin again and again, without ever ending well; and some that are found each time.
UNITS = (
    "a", "1", "-", ".", ":", "@", "=", "/", " ", "\\", "%", "_", "+", "(", "a@", "@a.", "a.", "1.", "1-", "1 ",
    "a ", "a@a.",
    "a@a.1.", "a:", "::", "1:", "ab:", "0:0:", "a=", "a: ", "name=", "name:", '"name":"', '"name": ', "name=\\",
    "name='",
    "://", "a://", "a://:", "a://b@", "://a:b/", "/home/", "/Users/a", "C:\\Users\\", "\\Users\\", "eyJ",
    "eyJaaaaaaaaa.",
    " eyJaaaaaaaaa", "-----BEGIN ", "-----BEGIN A-----", "Bearer ", "bearer a", "basic aaaaaaaa ", "sk-", " sk-a",
    "AKIA",
    " ghp_", "xoxb-", " SG.aaaaaaaaaaaaaaaaaaaa.", "+", "+1", "+1 ", "+1(", "(1", "(1)", "(123) ", "123 ", "123-",
    "0 1",
    "01 ", "01", "06.12.", "001-", "4111 ", "4111-", "4111 1111 1111 ", "4 ", "411111111111 ", "6", "GB82",
    "GB82 ", "DE1a",
    "de12", "12 345 678 ", "811218-", "12.34.", "12.345,", "1.2345 ", "12°", "12°1'", "[at]", "a[at]",
    "a [at] a [dot] ",
    " at ", "a at a dot ", " dot ", " @ ", "a @ a . ", "1.1.", "1[.]", "255.255.255.", "0a.", "0a-", "0a:",
    "0000.0000.",
    "ssn ", "ssn 1", "ssn 123456789 ", "pesel 4405140135 ", "born ", "born 1.1.", "born 1 ", "phone ", "phone 12 ",
    "call 1 ",
    "123-45-", "123-45-6789", "jane@example.org ", "4111111111111111 ", "+44 20 7946 0958 ", "&#64;", "%40", "\\u0040",
    "{", "[", '{"a":', "ABCPE1234", "HEGG560427", "RSSMRA85T10A562", "X123456", "1234567T ", "12345678", "a1",
    "A1 ", "a-1-",
    "\u0661", "\uff11", "é", "中", "\u200b", "\ufdfa", "a\u0300", "😀", "𝟜", "\t", "\n", "\r\n", "\x00", "'",
    '"', '\\"', "|",
)  # fmt: skip


def _hostile(unit: str, size: int) -> str:
    return (unit * (size // len(unit) + 1))[:size]


def _seconds(work: Callable[[str], object], text: str) -> float:
    best = 9.0
    for _ in range(TRIES):
        began = time.process_time()
        with suppress(TooManyCandidates, ScrubFailed):
            work(text)
        best = min(best, time.process_time() - began)
        if best < TIME_MAX / 2:
            break
    return best


def _slowest(work: Callable[[str], object]) -> tuple[float, str]:
    """Return the time that the worst text takes, and what it is made of: the worst of the small ones, made large."""
    suspects = sorted(UNITS, key=lambda unit: _seconds(work, _hostile(unit, SMALL)), reverse=True)[:SUSPECTS]
    return max((_seconds(work, _hostile(unit, SIZE)), unit) for unit in suspects)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id} {RULES.index(rule)}")
def test_a_rule_takes_linear_time_whatever_the_text(rule: Rule) -> None:
    """256 KB of anything takes what reading it takes."""
    rule.find("")  # compiles it
    seconds, unit = _slowest(rule.find)
    print(f"{rule.id}: {1000 * seconds:.1f} ms for {unit!r}")  # noqa: T201
    assert seconds < TIME_MAX, unit


def _places(family: Family) -> Callable[[str], object]:
    def places(text: str) -> object:
        profile = TextProfile(text)
        return family.may_find(profile) and family.passes(profile) and family.places(profile)

    return places


GATES: dict[str, Callable[[str], object]] = {
    "trigger": TRIGGER.search,
    "fold": fold,
    "is_escaped": is_escaped,
    "unescape": unescape,
    "profile": TextProfile,
    **{f"gate of {family.rules[0].id}": _places(family) for family in FAMILIES},
}


@pytest.mark.parametrize("name", GATES)
def test_what_stands_before_the_rules_takes_linear_time(name: str) -> None:
    """Decoding takes at most twice as long as a rule, and gates as long as rules."""
    seconds, unit = _slowest(GATES[name])
    assert seconds < 2 * TIME_MAX, unit


@pytest.mark.slow
@pytest.mark.parametrize("unit", ["jane@example.org ", "4111 ", "a", "name=", "%40", "+1 ", "1-", "{", "'"])
def test_all_rules_together_grow_no_faster_than_the_text(unit: str) -> None:
    """Four times the text takes at most eight times the time."""
    texts = TextScrubber()
    small, large = (_seconds(texts.scrub, _hostile(unit, size)) for size in (SIZE // 4, SIZE))
    print(f"all rules: {1000 * large:.0f} ms for {unit!r}")  # noqa: T201
    assert large < max(8 * small, 4 * TIME_MAX)
