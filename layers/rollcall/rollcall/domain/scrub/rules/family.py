"""Families: rules that share a gate, a quick check whether any of them can find something in a text."""

import re
from collections.abc import Callable, Collection, Iterable

from rollcall.domain.scrub.rule import Rule
from rollcall.domain.scrub.rules.text_profile import TextProfile

Place = tuple[tuple[Rule, ...], int, int]
NEAR, FAR = 4, 16  # characters before a digit: the length of the longest beginning without digits
SHAPE_MAX = 40  # characters; every rule examines a longer run of digits
SHAPES_REMEMBERED_MAX = 4_096
RUNS_MAX = 32  # runs that are examined one by one; more of them as one


def _any(_: TextProfile) -> object:
    return True


class Family:
    """Rules that find nothing in a text that does not pass the gate.

    `marks` is a pattern that the marks of a profile must match; `digits` is how many digits these rules need. With a
    margin, the rules only examine the places of digits, and so many characters before.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        gate: Callable[[TextProfile], object] | None = None,
        marks: bytes = b"",
        digits: int = 0,
        margin: int | None = None,
    ) -> None:
        self.rules = tuple(rules)
        self.passes = gate or _any
        self.marks = re.compile(marks, re.DOTALL)
        self.digits = digits
        self.margin = margin

    def without(self, disabled: Collection[str]) -> "Family":
        """Return the family without the rules of these ids."""
        kept = (rule for rule in self.rules if rule.id not in disabled)
        return Family(kept, self.passes, self.marks.pattern, self.digits, self.margin)

    def may_find(self, profile: TextProfile) -> bool:
        """Return whether a text has the marks and digits that these rules need."""
        return self.digits <= profile.digits and self.marks.search(profile.marks) is not None

    def places(self, profile: TextProfile) -> list[Place]:
        """Return the rules that should examine a text behind the gate, and the range for each."""
        if self.margin is None:
            return [(self.rules, 0, len(profile.text))]
        return [(self.rules, max(0, profile.shape.find(b"0") - self.margin), profile.shape.rfind(b"0") + 1)]


class ShapedFamily(Family):
    """Rules for numbers and codes: each rule only examines runs of digits and letters whose shape it can match.

    The rules for a shape are cached, so that a run is looked up, not matched by every rule. A shape does not reveal
    the text.
    """

    def __init__(self, run: bytes, before: int, rules: Iterable[Rule], digits: int) -> None:
        super().__init__(rules, digits=digits)
        self._run = re.compile(run)
        self._before = before
        self._context = frozenset[bytes]().union(*(rule.context_words for rule in self.rules))
        self._fitting: dict[bytes, tuple[tuple[Rule, ...], tuple[Rule, ...]]] = {}

    def without(self, disabled: Collection[str]) -> "ShapedFamily":
        """Return the family without the rules of these ids."""
        kept = (rule for rule in self.rules if rule.id not in disabled)
        return ShapedFamily(self._run.pattern, self._before, kept, self.digits)

    def places(self, profile: TextProfile) -> list[Place]:
        """Return the rules that fit the shapes of the runs in a text, and the places of the runs."""
        shape, before = profile.shape, self._before
        spans = [match.span() for match in self._run.finditer(shape)]
        if len(spans) > RUNS_MAX:
            return self._as_one(profile, spans)
        places = []
        for first, last in spans:
            run = shape[first - NEAR if first > NEAR else 0 : last]
            rules, named = self._fitting.get(run) or self._fit(run)
            if named and not self._context.isdisjoint(profile.words()):
                words = profile.words()
                rules += tuple([rule for rule in named if not rule.context_words.isdisjoint(words)])
            if rules:
                places.append((rules, first - before if first > before else 0, last))
        return places

    def _as_one(self, profile: TextProfile, spans: list[tuple[int, int]]) -> list[Place]:
        """Return all rules that fit any of these runs, the beginning of the first run and the end of the last."""
        runs = {profile.shape[max(0, first - NEAR) : last] for first, last in spans}
        fitting = {id(rule) for run in runs for rules in self._fitting.get(run) or self._fit(run) for rule in rules}
        words = profile.words()
        asked = [
            rule
            for rule in self.rules
            if id(rule) in fitting and not (rule.is_named and rule.context_words.isdisjoint(words))
        ]
        return [(tuple(asked), max(0, spans[0][0] - self._before), spans[-1][1])]

    def _fit(self, run: bytes) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        """Return the rules that may find something in a run of this shape, and those that need a word before it."""
        is_long = len(run) > SHAPE_MAX
        fitting = [rule for rule in self.rules if is_long or re.search(rule.shape.encode(), run)]
        both = tuple(rule for rule in fitting if not rule.is_named), tuple(rule for rule in fitting if rule.is_named)
        if not is_long:
            if len(self._fitting) >= SHAPES_REMEMBERED_MAX:
                self._fitting.clear()
            self._fitting[run] = both
        return both
