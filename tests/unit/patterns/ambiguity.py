"""Bounds in how many ways a pattern can match one text from one place: each way is tried before a search gives up.

The bound is an upper one. It knows that a repeat which gives a character back fails at once where what follows cannot
begin with that character, and that possessive repeats, atomic groups and look-arounds give nothing back. A pattern that
is linear for another reason is to be rewritten until its text shows it.
"""

import re
from dataclasses import dataclass
from functools import cache, reduce
from re import _constants as code
from re import _parser as parser
from typing import Any

MANY = 10**12
# One of each sort that the product's patterns tell apart.
ALPHABET = frozenset(map(chr, range(128))) | set(
    "\x85\xa0\xb0\xb4\xe9\u0130\u0661\u0430\u4e2d\ud800\ufffe\uffff\U0001f600"
)
ALONE = {code.POSSESSIVE_REPEAT, code.ATOMIC_GROUP, code.ASSERT, code.ASSERT_NOT}
Items = list[tuple[Any, Any]]


@dataclass(frozen=True)
class Bound:
    """What is known of a part: with which characters it can begin, whether it can be empty, in how many ways it ends.

    `inner` is the most ways of any look-around, atomic group or branch within it, which are tried apart.
    """

    first: frozenset[str]
    is_empty: bool
    ways: int
    inner: int = 1


NOTHING = Bound(frozenset(), is_empty=True, ways=1)


@cache
def _category(name: Any, flags: int) -> frozenset[str]:
    source = {
        code.CATEGORY_DIGIT: r"\d", code.CATEGORY_NOT_DIGIT: r"\D", code.CATEGORY_SPACE: r"\s",
        code.CATEGORY_NOT_SPACE: r"\S", code.CATEGORY_WORD: r"\w", code.CATEGORY_NOT_WORD: r"\W",
    }[name]  # fmt: skip
    return frozenset(filter(re.compile(source, flags & re.ASCII).fullmatch, ALPHABET))


def _member(operator: Any, argument: Any, flags: int) -> frozenset[str]:
    if operator is code.LITERAL:
        found = {chr(argument)}
    elif operator is code.RANGE:
        found = {character for character in ALPHABET if argument[0] <= ord(character) <= argument[1]}
    else:
        found = set(_category(argument, flags))
    if flags & re.IGNORECASE:
        found |= {other for each in found for other in (each.lower(), each.upper())}
    return frozenset(found)


def characters(operator: Any, argument: Any, flags: int) -> frozenset[str] | None:
    """Return which characters a part matches, or None if it is not of one character."""
    if operator is code.ANY:
        return ALPHABET
    if operator is code.LITERAL:
        return _member(operator, argument, flags)
    if operator is code.NOT_LITERAL:
        return ALPHABET - _member(code.LITERAL, argument, flags)
    if operator is not code.IN:
        return None
    members = [_member(kind, value, flags) for kind, value in argument if kind is not code.NEGATE]
    found: frozenset[str] = frozenset().union(*members)
    return ALPHABET - found if argument[0][0] is code.NEGATE else found


def _sequence(items: Items, follow: frozenset[str], flags: int) -> Bound:
    bound = NOTHING
    for operator, argument in reversed(items):
        after = bound.first | (follow if bound.is_empty else frozenset())
        part = _part(operator, argument, after, flags)
        bound = Bound(
            part.first | (bound.first if part.is_empty else frozenset()),
            part.is_empty and bound.is_empty,
            min(MANY, part.ways * bound.ways),
            max(part.inner, bound.inner),
        )
    return bound


def _part(operator: Any, argument: Any, follow: frozenset[str], flags: int) -> Bound:
    found = characters(operator, argument, flags)
    if found is not None:
        return Bound(found, is_empty=False, ways=1)
    if operator is code.SUBPATTERN:
        _, added, removed, items = argument
        return _sequence(list(items), follow, (flags | added) & ~removed)
    if operator is code.BRANCH:
        return _branches([_sequence(list(branch), follow, flags) for branch in argument[1]], follow)
    if operator in {code.MAX_REPEAT, code.MIN_REPEAT}:
        least, most, body = argument
        return _repeat(least, most, list(body), follow, flags)
    if operator in ALONE:
        return _alone(operator, argument, flags)
    if operator in {code.GROUPREF, code.AT}:
        return Bound(ALPHABET if operator is code.GROUPREF else frozenset(), is_empty=True, ways=1)
    raise NotImplementedError(f"{operator} of a pattern")


def _alone(operator: Any, argument: Any, flags: int) -> Bound:
    """Bound what is tried apart from what follows: it ends in one way or not at all."""
    items = list(argument if operator is code.ATOMIC_GROUP else argument[-1])
    body = _sequence(items, ALPHABET, flags)
    is_empty = body.is_empty or (operator is code.POSSESSIVE_REPEAT and argument[0] == 0)
    first = body.first
    if operator in {code.ASSERT, code.ASSERT_NOT}:
        first, is_empty = frozenset(), True
    return Bound(first, is_empty, 1, max(body.ways, body.inner))


def _branches(branches: list[Bound], follow: frozenset[str]) -> Bound:
    """Count the branches that can begin with one same character: of the others, the first character decides."""
    first = frozenset[str]().union(*(each.first for each in branches))
    is_empty = any(each.is_empty for each in branches)
    ways = max(
        (
            sum(each.ways for each in branches if character in each.first or (each.is_empty and character in follow))
            for character in first | follow
        ),
        default=1,
    )
    return Bound(first, is_empty, max(1, ways), max(each.inner for each in branches))


def _repeat(least: int, most: Any, items: Items, follow: frozenset[str], flags: int) -> Bound:
    most = min(int(most), 2**18)
    alone = _sequence(items, frozenset(), flags)
    body = _sequence(items, follow if most == 1 else alone.first | follow, flags)
    clash = bool(body.first & follow) or body.is_empty
    counts = most - least + 1 if clash else 1
    powers = reduce(lambda ways, _: min(MANY, ways * body.ways), range(min(most, 64)), 1) if body.ways > 1 else 1
    return Bound(body.first, least == 0 or body.is_empty, min(MANY, counts * powers), body.inner)


def ways(pattern: re.Pattern[Any]) -> int:
    """Return the bound for a whole pattern."""
    source = pattern.pattern.decode("latin-1") if isinstance(pattern.pattern, bytes) else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)
    bound = _sequence(list(tree), frozenset(), tree.state.flags)
    return max(bound.ways, bound.inner)
