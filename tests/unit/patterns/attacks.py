"""Texts made from a pattern to keep it busy: its own beginnings, its repeats pumped, and an end that fails."""

import random
import re
from collections.abc import Iterator
from re import _constants as code
from re import _parser as parser
from typing import Any

from tests.unit.patterns.ambiguity import Items, characters

ENDS = ("", "a", "0", " ", "!", "\x00", "-")
RUNS = (2, 7, 16, 60, 300)
PUMPS_MAX = 12
SEED = 20260302


def _sample(items: Items, flags: int) -> str:
    """Return a short text that the part matches, or nearly so: look-arounds are not heeded."""
    return "".join(_piece(operator, argument, flags) for operator, argument in items)


def _piece(operator: Any, argument: Any, flags: int) -> str:
    found = characters(operator, argument, flags)
    if found is not None:
        return _choices(found)[0]
    if operator is code.SUBPATTERN:
        return _sample(list(argument[3]), flags)
    if operator is code.BRANCH:
        return _sample(list(argument[1][0]), flags)
    if operator in {code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT}:
        return _sample(list(argument[2]), flags) * max(1, min(int(argument[0]), 64))
    if operator is code.ATOMIC_GROUP:
        return _sample(list(argument), flags)
    return ""


def _choices(found: frozenset[str]) -> list[str]:
    """Return up to three characters of different sorts."""
    wanted = [character for character in "1a-. :/=@\\A" if character in found]
    return wanted[:3] or sorted(found)[:1] or ["x"]


def _pumps(items: Items, before: str, flags: int) -> Iterator[tuple[str, str]]:
    """Return what leads to each repeat of a pattern, and what can be said again and again there."""
    for operator, argument in items:
        if operator in {code.MAX_REPEAT, code.MIN_REPEAT, code.POSSESSIVE_REPEAT}:
            body = list(argument[2])
            single = characters(body[0][0], body[0][1], flags) if len(body) == 1 else None
            for unit in _choices(single) if single else [_sample(body, flags)]:
                yield before, unit
            yield from _pumps(body, before, flags)
        elif operator is code.SUBPATTERN:
            yield from _pumps(list(argument[3]), before, flags)
        elif operator is code.BRANCH:
            for branch in argument[1]:
                yield before, _sample(list(branch), flags)
                yield from _pumps(list(branch), before, flags)
        elif operator is code.ATOMIC_GROUP:
            yield from _pumps(list(argument), before, flags)
        elif operator in {code.ASSERT, code.ASSERT_NOT}:
            yield from _pumps(list(argument[1]), before, flags)
        before += _piece(operator, argument, flags)


def attacks(pattern: re.Pattern[Any]) -> list[str]:
    """Return units which, repeated until a text is as long as wanted, attack the pattern."""
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if is_bytes else pattern.flags)
    flags = tree.state.flags
    whole = _sample(list(tree), flags)
    pumps = list(dict.fromkeys(_pumps(list(tree), "", flags)))
    chosen = random.Random(SEED)
    if len(pumps) > PUMPS_MAX:
        pumps = chosen.sample(pumps, PUMPS_MAX)
    units = [whole, whole + " ", whole + "!", *(whole[:size] for size in range(1, min(len(whole), 6)))]
    for before, pump in pumps:
        units += [pump, before + pump]
        units += [before + pump * run + end for run in RUNS for end in chosen.sample(ENDS, 2)]
        units += [" " + before + pump * 60 + end for end in ENDS]
    alphabet = "".join(dict.fromkeys(whole + "".join(pump for _, pump in pumps))) or "a"
    units += ["".join(chosen.choices(alphabet, k=977)) for _ in range(8)]
    return [unit for unit in dict.fromkeys(units) if unit and (not is_bytes or unit.isascii())]


def pumped(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """Return what leads to each repeat and what it can say for ever: for one single, endless run."""
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    tree = parser.parse(source, pattern.flags & ~re.UNICODE if is_bytes else pattern.flags)
    return list(dict.fromkeys(_pumps(list(tree), "", tree.state.flags)))[:PUMPS_MAX]
