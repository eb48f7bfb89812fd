"""Properties of an event: declared properties are kept if they fit their kind, all others are dropped."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from rollcall.contracts.identifiers import id_text
from rollcall.domain.scrub.kinds import ITEMS_MAX, PSEUDONYM, Kind, Refused
from rollcall.domain.scrub.limits import KEYS_MAX, NAME_MAX
from rollcall.domain.scrub.markers import is_marker
from rollcall.domain.scrub.means import Means
from rollcall.domain.scrub.policy import DeclaredProperty, Policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.redaction import Action, mask
from rollcall.domain.scrub.remark import UNNAMED, Remarks, ScrubResult
from rollcall.domain.scrub.selector import Waiting, descend

LIMIT_KEYS, UNDECLARED, TWICE = "@limit:keys", "@undeclared", "@twice"
_ABSENT: Any = object()


class PropertiesWalk:
    """One walk over the properties of one event."""

    __slots__ = ("_means", "_policy", "_pseudonymiser", "_remarks")

    def __init__(self, policy: Policy, pseudonymiser: Pseudonymiser, means: Means) -> None:
        self._policy = policy
        self._pseudonymiser = pseudonymiser
        self._means = means
        self._remarks = Remarks()

    def scrub(self, event_name: str, properties: Mapping[str, Any]) -> ScrubResult:
        """Return the kept properties, and remarks on the others."""
        kept = self._object(properties, self._policy.declared(event_name), self._policy.selectors, ())
        return ScrubResult(kept, self._remarks.as_tuple())

    def _object(
        self, members: Mapping[str, Any], tree: DeclaredProperty, waiting: Waiting, place: tuple[str, ...]
    ) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        if len(members) > KEYS_MAX:
            self._remarks.add(place, LIMIT_KEYS, "remove")
        means, known = self._means, tree.spellings
        for key, value in islice(members.items(), KEYS_MAX):
            declared = known.get(key)
            if declared is None:
                declared = self._declared(tree, key, place)
                if declared is None:
                    continue
            name, kind = declared.name, declared.kind
            if name in kept:
                self._remarks.add((*place, name), TWICE, "remove")
            elif kind is None or kind is PSEUDONYM or waiting or value is None or declared.is_nested:
                scrubbed = self._member(value, declared, waiting, (*place, name))
                if scrubbed is not _ABSENT:
                    kept[name] = scrubbed
            else:
                accepted = kind.accept(value, means)
                if accepted is value or self._remark(accepted, value, kind, (*place, name)):
                    kept[name] = accepted
        return kept

    def _declared(self, tree: DeclaredProperty, key: str, place: tuple[str, ...]) -> DeclaredProperty | None:
        declared = tree.member(key) if len(key) <= NAME_MAX else None
        if declared is None:
            verdict, shown = self._policy.key_memory.get(hash(key)) or self._policy.remember_key(key)
            self._remarks.add((*place, shown), verdict.rule.id if verdict else UNDECLARED, "remove")
        return declared

    def _remark(self, accepted: Any, value: Any, kind: Kind, place: tuple[str, ...]) -> bool:
        """Remark on a value that its kind changed or refused; return whether the value is kept."""
        if isinstance(accepted, Refused):
            self._remarks.add(place, accepted.rule, "remove")
            return False
        if accepted != value:
            self._remarks.add(place, f"@kind:{kind.name}", "replace")
        return True

    def _member(self, value: Any, declared: DeclaredProperty, waiting: Waiting, place: tuple[str, ...]) -> Any:
        below, action = descend(waiting, "".join(declared.name.split("_"))) if waiting else (waiting, None)
        if action == "remove":
            self._remarks.add(place, "@selector", "remove")
            return _ABSENT
        if value is None:
            return None
        if isinstance(value, Mapping) and declared.members and not action:
            return self._object(value, declared, below, place)
        if isinstance(value, list | tuple) and declared.each and not action:
            return self._items(value, declared.each, below, place)
        if declared.kind is None:
            self._remarks.add(place, UNDECLARED, "remove")
            return _ABSENT
        if isinstance(value, list) and not action:
            _, action = descend(below, UNNAMED)  # a list of tokens is one value: its items' selector selects it
        return self._leaf(value, declared.kind, action, place)

    def _items(self, items: Any, declared: DeclaredProperty, waiting: Waiting, place: tuple[str, ...]) -> list[Any]:
        if len(items) > ITEMS_MAX:
            self._remarks.add(place, LIMIT_KEYS, "remove")
        scrubbed = (self._member(item, declared, waiting, (*place, UNNAMED)) for item in items[:ITEMS_MAX])
        return [item for item in scrubbed if item is not _ABSENT]

    def _leaf(self, value: Any, kind: Kind, action: Action | None, place: tuple[str, ...]) -> Any:
        is_made = action == "pseudonymise" and isinstance(value, str) and self._pseudonymiser.is_pseudonym(value)
        if kind is PSEUDONYM or is_made:
            return self._pseudonym(value, place)
        accepted = kind.accept(value, self._means)
        if action == "mask" and isinstance(value, str) and set(value) <= {"*", *"-_.:+/ "}:
            return value
        if not self._remark(accepted, value, kind, place):
            return _ABSENT
        return self._redacted(accepted, action, place) if action else accepted

    def _redacted(self, accepted: Any, action: Action, place: tuple[str, ...]) -> Any:
        if isinstance(accepted, list):
            self._remarks.add(place, "@selector", "remove")
            return _ABSENT
        if action == "pseudonymise":
            return self._pseudonym(accepted, place)
        self._remarks.add(place, "@selector", "mask")
        return mask(accepted)

    def _pseudonym(self, value: Any, place: tuple[str, ...]) -> Any:
        text = None if is_marker(value) else id_text(value)
        if text is None:
            self._remarks.add(place, "@kind:pseudonym", "remove")
            return _ABSENT
        if not self._pseudonymiser.is_pseudonym(text):
            self._remarks.add(place, "@identifier", "pseudonymise")
        return self._pseudonymiser.pseudonym(text)
