"""The scrubber: a policy and an organisation's pseudonyms, applied to names, properties, documents and texts."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from rollcall.domain.scrub.document import DocumentWalk
from rollcall.domain.scrub.identifiers import find_plainly_personal
from rollcall.domain.scrub.limits import NAME_MAX, TEXT_MAX
from rollcall.domain.scrub.means import Means
from rollcall.domain.scrub.policy import DIGEST_DIGITS, Policy
from rollcall.domain.scrub.properties import PropertiesWalk
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.domain.scrub.remark import Remark, Remarks, ScrubResult
from rollcall.domain.scrub.url_path import UrlPaths
from rollcall.errors import ScrubFailed

UNDECLARED = "undeclared:"
STORED_NAME_MAX = 128
__all__ = ["Remark", "ScrubResult", "Scrubber"]


P = ParamSpec("P")
T = TypeVar("T")


def _closed(method: Callable[P, T]) -> Callable[P, T]:
    """Fail closed: any error becomes a ScrubFailed without the value in it."""

    @wraps(method)
    def closed(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except ScrubFailed:
            raise
        except Exception:  # noqa: BLE001
            raise ScrubFailed from None

    return closed


def _digest(catalogue: frozenset[str]) -> str:
    lines = json.dumps(sorted(catalogue)).encode()
    return hashlib.sha256(lines).hexdigest()[:DIGEST_DIGITS]


class Scrubber:
    """Scrubs the events of one organisation. Each method raises ScrubFailed when it cannot scrub safely."""

    def __init__(self, policy: Policy, pseudonymiser: Pseudonymiser, catalogue: frozenset[str] = frozenset()) -> None:
        self.policy = policy
        self.pseudonymiser = pseudonymiser
        # A plainly personal text is not an id, even if a catalogue has it.
        fit = frozenset(each for each in catalogue if find_plainly_personal(each) is None)
        self.version = policy.version + (f"~{_digest(fit)}" if fit else "")
        self._means = Means(policy.texts, UrlPaths(policy.routes, pseudonymiser, fit), fit)

    def with_pseudonyms(self, pseudonymiser: Pseudonymiser) -> "Scrubber":
        """Return the same with other pseudonyms."""
        return Scrubber(self.policy, pseudonymiser, self._means.catalogue)

    @_closed
    def scrub_name(self, name: str) -> ScrubResult:
        """Return the stored name of a declared event, and a pseudonym for any other name.

        Raises:
            ScrubFailed: the policy refuses events of this name, or it is too long.

        """
        if len(name) > NAME_MAX or self.policy.refuses(name):
            raise ScrubFailed("The policy does not take events of this name.")
        declared = self.policy.event_name(name)
        if declared:
            return ScrubResult(declared, ())
        if self.policy.path_names and name.startswith("/"):
            return self._path_name(name)
        tail = name.removeprefix(UNDECLARED)
        if tail != name and self.pseudonymiser.is_pseudonym(tail):
            return ScrubResult(name, ())
        pseudonym = UNDECLARED + self.pseudonymiser.pseudonym(name)
        return ScrubResult(pseudonym, (Remark("name", "@undeclared", "pseudonymise"),))

    def _path_name(self, name: str) -> ScrubResult:
        """Return the name of an event that is named by a requested path."""
        kept = self._means.urls.scrub(name.partition("?")[0])
        if kept is None or len(kept) > STORED_NAME_MAX:
            kept = UNDECLARED + self.pseudonymiser.pseudonym(name)
        remarks = () if kept == name else (Remark("name", "@kind:url_path", "replace"),)
        return ScrubResult(kept, remarks)

    @_closed
    def scrub_properties(self, event_name: str, properties: Mapping[str, Any]) -> ScrubResult:
        """Return only the properties that the policy declares for this event, each checked by its kind."""
        return PropertiesWalk(self.policy, self.pseudonymiser, self._means).scrub(event_name, properties)

    @_closed
    def scrub_identifier(self, value: str) -> str:
        """Return the pseudonym of a user_id, anonymous_id or session_id. A pseudonym is returned unchanged."""
        return self.pseudonymiser.pseudonym(value)

    @_closed
    def scrub_document(self, document: Any) -> ScrubResult:
        """Return any JSON without the values that key rules, value rules and the organisation's selectors find."""
        return DocumentWalk(self.policy, self.pseudonymiser, self._means.urls).scrub(document)

    @_closed
    def scrub_text(self, text: str) -> ScrubResult:
        """Return a body that is not JSON without the values that value rules find."""
        if len(text) > TEXT_MAX:
            raise ScrubFailed("The text is too long to be scrubbed.")
        remarks = Remarks()
        scrubbed = self.policy.texts.scrub(text, TEXT_MAX)
        for rule in scrubbed.rules:
            remarks.add((), rule, "replace")
        kept = self._means.urls.scrub_within(scrubbed.value)
        if kept != scrubbed.value:
            remarks.add((), "@kind:url_path", "replace")
        return ScrubResult(kept, remarks.as_tuple())
