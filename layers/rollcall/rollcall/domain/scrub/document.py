"""Documents: any JSON, such as a dead letter. Values that no key rule, value rule or selector finds are kept."""

import json
from itertools import islice
from typing import Any

from rollcall.contracts.identifiers import id_text
from rollcall.domain.scrub.addresses import may_have_urls
from rollcall.domain.scrub.key_name import compact
from rollcall.domain.scrub.key_rules import KeyVerdict, judge
from rollcall.domain.scrub.limits import (
    DEPTH_MAX,
    IDENTIFIER_MAX,
    JSON_STRING_DEPTH_MAX,
    KEYS_MAX,
    NAME_MAX,
    NODES_MAX,
    TEXT_MAX,
)
from rollcall.domain.scrub.markers import is_marker
from rollcall.domain.scrub.policy import Policy
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.redaction import REMOVED, Action, mask, stricter
from rollcall.domain.scrub.remark import UNNAMED, Remarks, ScrubResult
from rollcall.domain.scrub.selector import Waiting, descend
from rollcall.domain.scrub.text import NUMBER_PLAIN
from rollcall.domain.scrub.url_path import UrlPaths
from rollcall.errors import ScrubFailed

LIMIT_KEYS, LIMIT_DEPTH, LIMIT_NUMBER = "@limit:keys", "@limit:depth", "@limit:number"
URL = "@kind:url_path"
NUMBER_MAX = 2**256
# Keys that wrap messages: the keys of the JSON inside decide what is personal.
ENVELOPES = frozenset({"body", "message", "messages", "input", "query", "response", "content"})
# A tuple is built once; a union of types would be built at each check.
CONTAINERS, ARRAYS, PLAIN = (dict, list), (list, tuple), (str, int, float)
_ABSENT: Any = object()
Place = tuple[str, ...]


class DocumentWalk:
    """One walk over one document."""

    __slots__ = ("_characters", "_json_depth", "_nodes", "_policy", "_pseudonymiser", "_remarks", "_urls")

    def __init__(self, policy: Policy, pseudonymiser: Pseudonymiser, urls: UrlPaths) -> None:
        self._urls = urls
        self._policy = policy
        self._pseudonymiser = pseudonymiser
        self._remarks = Remarks()
        self._nodes = 0
        self._characters = 0
        self._json_depth = 0

    def scrub(self, document: Any) -> ScrubResult:
        """Return a scrubbed document, and remarks.

        Raises:
            ScrubFailed: it is too large, or has values that JSON does not have.

        """
        value = self._value(document, self._policy.floating, (), 0)
        return ScrubResult(value, self._remarks.as_tuple())

    def _value(self, value: Any, waiting: Waiting, place: Place, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > NODES_MAX:
            raise ScrubFailed("The document has too many values.")
        kind = type(value)
        if kind is str:
            return self._string(value, waiting, place, depth)
        if value is None or kind is bool:
            return value
        if kind is int or kind is float:
            return self._number(value, place)
        if depth >= DEPTH_MAX:
            self._remarks.add(place, LIMIT_DEPTH, "replace")
            return REMOVED
        if isinstance(value, dict):
            return self._object(value, waiting, place, depth)
        if isinstance(value, ARRAYS):
            return self._items(value, waiting, place, depth)
        raise ScrubFailed("The document has a value that JSON has not.")

    def _items(self, items: Any, waiting: Waiting, place: Place, depth: int) -> list[Any]:
        below, action = descend(waiting, UNNAMED) if waiting else (waiting, None)
        if action:
            return [self._selected(item, action, (*place, UNNAMED)) for item in items if action != "remove"]
        return [self._value(item, below, (*place, UNNAMED), depth + 1) for item in items]

    def _object(self, members: dict[str, Any], waiting: Waiting, place: Place, depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        if len(members) > KEYS_MAX:
            self._remarks.add(place, LIMIT_KEYS, "remove")
        texts, memory = self._policy.texts, self._policy.key_memory
        clean = texts.clean
        for key, value in islice(members.items(), KEYS_MAX):
            remembered = memory.get(hash(key))
            if remembered and remembered[0] is None and not waiting and key not in kept:
                is_text = type(value) is str
                is_known = not may_have_urls(value) and hash(value) in clean if is_text else texts.is_plain(value)
                if is_known:
                    kept[key] = value
                    continue
            verdict, shown, stored = (*remembered, key) if remembered else self._key(key, place)
            inner = (*place, shown)
            below, action = waiting, None
            if waiting:
                name = compact(key)
                below, action = descend(waiting, name if name in self._policy.vocabulary else "")
            if verdict and not self._is_event_name(verdict, key, value):
                action = stricter(action, verdict.rule.action) if action else verdict.rule.action
                scrubbed = self._judged(value, verdict, action, below, inner, depth)
            elif action:
                scrubbed = self._selected(value, action, inner)
            else:
                scrubbed = self._value(value, below, inner, depth + 1)
            if scrubbed is not _ABSENT:
                kept[self._free(kept, stored)] = scrubbed
        return kept

    def _is_event_name(self, verdict: KeyVerdict, key: str, value: Any) -> bool:
        """Return whether this is the name of a declared event, not of a person."""
        return (
            verdict.rule.id == "@key:name"
            and key == "name"
            and isinstance(value, str)
            and len(value) <= NAME_MAX
            and self._policy.event_name(value) == value
        )

    def _key(self, key: Any, place: Place) -> tuple[KeyVerdict | None, str, str]:
        """Return the rule of a key, the name to show for it, and the name to store it under."""
        if type(key) is not str:
            raise ScrubFailed("The document has a key that is no text.")
        if len(key) > NAME_MAX:
            self._remarks.add((*place, UNNAMED), "@limit:key", "replace")
            return None, UNNAMED, REMOVED
        texts = self._policy.texts
        if not texts.is_clean(key):
            scrubbed = texts.scrub(key)
            for rule in scrubbed.rules:
                self._remarks.add((*place, UNNAMED), rule, "replace")
            verdict = judge(scrubbed.value, self._policy.key_rules)
            return verdict, UNNAMED, self._key_without_urls(scrubbed.value, place)
        return (*self._policy.remember_key(key), self._key_without_urls(key, place))

    def _key_without_urls(self, key: str, place: Place) -> str:
        if not may_have_urls(key) or self._is_declared(key):
            return key
        kept = self._urls.scrub_within(key)
        if kept != key:
            self._remarks.add((*place, UNNAMED), URL, "replace")
        return kept

    def _is_declared(self, key: str) -> bool:
        """Return whether a key is an address whose last word the policy knows, as in extensions of xAPI."""
        return "://" in key and compact(key.rsplit("/", 1)[-1]) in self._policy.known_names

    def _free(self, kept: dict[str, Any], name: str) -> str:
        """Return an unused name, because two keys may become the same marker."""
        if name not in kept:
            return name
        number = 2
        while f"{name}.{number}" in kept:
            number += 1
        return f"{name}.{number}"

    def _judged(
        self, value: Any, verdict: KeyVerdict, action: Action, waiting: Waiting, place: Place, depth: int
    ) -> Any:
        if value is None or value in ("", [], {}):
            return value
        if place[-1] in ENVELOPES and self._is_container(value):
            return self._value(value, waiting, place, depth + 1)
        if action == "pseudonymise" and isinstance(value, CONTAINERS):
            return self._value(value, waiting, place, depth + 1)
        if action == "replace":
            if value != verdict.rule.marker:
                self._remarks.add(place, verdict.rule.id, action)
            return verdict.rule.marker
        return self._redacted(value, action, verdict.rule.id, place)

    def _is_container(self, value: Any) -> bool:
        return isinstance(value, CONTAINERS) or (isinstance(value, str) and self._json_in(value) is not _ABSENT)

    def _selected(self, value: Any, action: Action, place: Place) -> Any:
        return self._redacted(value, action, "@selector", place)

    def _redacted(self, value: Any, action: Action, rule: str, place: Place) -> Any:
        if value is None or is_marker(value):
            return value if action != "remove" else _ABSENT
        is_plain = isinstance(value, PLAIN) and not isinstance(value, bool)
        text = id_text(value) if action == "pseudonymise" and is_plain else None
        if text is not None and len(text) <= IDENTIFIER_MAX:
            pseudonym = self._pseudonymiser.pseudonym(text)
            if pseudonym != value:
                self._remarks.add(place, rule, action)
            return pseudonym
        if action == "mask" and is_plain:
            masked = mask(value)
            if masked != value:
                self._remarks.add(place, rule, action)
            return masked
        self._remarks.add(place, rule, "remove")
        return _ABSENT if action == "remove" else REMOVED

    def _number(self, value: float, place: Place) -> Any:
        if -NUMBER_PLAIN < value < NUMBER_PLAIN:
            return value
        if not -NUMBER_MAX < value < NUMBER_MAX:  # not a finite number either
            self._remarks.add(place, LIMIT_NUMBER, "replace")
            return REMOVED
        digits = str(int(value)) if float(value).is_integer() else str(value)  # 4.1e15 may be a card number too
        scrubbed = self._policy.texts.scrub(digits)
        for rule in scrubbed.rules:
            self._remarks.add(place, rule, "replace")
        return scrubbed.value if scrubbed.rules else value

    def _string(self, value: str, waiting: Waiting, place: Place, depth: int) -> str:
        self._characters += len(value)
        if self._characters > TEXT_MAX:
            raise ScrubFailed("The document has too much text.")
        if value and value[0] in "{[ \t\r\n" and value.rstrip()[-1:] in ("}", "]"):
            inside = self._json_in(value)
            if inside is not _ABSENT:
                return self._json_string(value, inside, waiting, place, depth)
        texts = self._policy.texts
        kept = value
        if not texts.is_clean(value):
            scrubbed = texts.scrub(value)
            for rule in scrubbed.rules:
                self._remarks.add(place, rule, "replace")
            kept = scrubbed.value
        without = self._urls.scrub_within(kept)
        if without == kept or (len(kept) <= NAME_MAX and self._policy.event_name(kept) == kept):
            return kept
        self._remarks.add(place, URL, "replace")
        return without

    def _json_in(self, text: str) -> Any:
        try:
            inside = json.loads(text)
        except (ValueError, RecursionError):
            return _ABSENT
        return inside if isinstance(inside, CONTAINERS) else _ABSENT

    def _json_string(self, value: str, inside: Any, waiting: Waiting, place: Place, depth: int) -> str:
        if self._json_depth >= JSON_STRING_DEPTH_MAX or depth >= DEPTH_MAX:
            self._remarks.add(place, LIMIT_DEPTH, "replace")
            return REMOVED
        self._json_depth += 1
        self._characters -= len(value)
        scrubbed = self._value(inside, waiting, place, depth + 1)
        self._json_depth -= 1
        if scrubbed == inside:
            return value
        return json.dumps(scrubbed, ensure_ascii=False, separators=(",", ":"))
