"""What a learner is known by in an organisation, and where that stands in a document. No IO, no clock."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Self
from uuid import UUID

from rollcall.contracts.identifiers import read_uuid
from rollcall.contracts.operations import Operation
from rollcall.domain.dead_letters.letters import read_document, write_document
from rollcall.domain.ingest.subject import opaque_subject
from rollcall.domain.privacy.mentions import Mentions, others_spelled

# Whose an event is: the first of these that it has.
OWNERS = ("user_id", "user_pseudonym", "anonymous_pseudonym", "session_pseudonym")
# Members that hold an identifier or nothing: a batch with another text in them could not be read any more.
IDENTIFIERS = frozenset({*OWNERS, "assigned_by"})


def digest_of(org_id: UUID, identifier: str) -> bytes:
    """Return what stands for an identifier of an erased learner, 32 bytes: as learner_digest_v1 makes it."""
    return hashlib.sha256(org_id.bytes + identifier.encode()).digest()


@dataclass(frozen=True)
class LearnerIdentifiers:
    """A learner: the user's id, pseudonyms of all identifiers under every key, and marks of subjects of tokens."""

    org_id: UUID
    user_id: UUID
    pseudonyms: tuple[str, ...]
    subjects: tuple[str, ...] = ()
    salt: str = ""

    @classmethod
    def of(
        cls,
        org_id: UUID,
        user_id: UUID,
        others: Iterable[str],
        pseudonymisers: Iterable[Callable[[str], str]],
        former: Iterable[Callable[[UUID], Iterable[str]]] = (),
    ) -> Self:
        """Return the trace of a learner who is also known by other identifiers, of which only pseudonyms are kept.

        `former` make the pseudonyms that other spellings of the user's id had while each had its own.
        """
        known, makers = others_spelled(others), list(pseudonymisers)
        pseudonyms = {make(identifier) for make in makers for identifier in [str(user_id), *known]}
        pseudonyms.update(*(make(user_id) for make in former))
        subjects = {opaque_subject(identifier) for identifier in known}
        return cls(org_id, user_id, tuple(sorted(pseudonyms)), tuple(sorted(subjects)))

    @classmethod
    def read(cls, operation: Operation) -> Self:
        """Return the trace that an operation's parameters hold."""
        given = operation.parameters
        pseudonyms, subjects = tuple(given["pseudonyms"]), tuple(given["subjects"])
        return cls(operation.org_id, UUID(given["user_id"]), pseudonyms, subjects, str(operation.operation_id))

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of an operation: only our own identifiers and pseudonyms."""
        return {"user_id": str(self.user_id), "pseudonyms": [*self.pseudonyms], "subjects": [*self.subjects]}

    @property
    def identifiers(self) -> list[str]:
        """All texts by which something stored may name the learner, in lower case; rollups keep pseudonyms as UUIDs."""
        as_uuids = (str(UUID(pseudonym)) for pseudonym in self.pseudonyms)
        return [str(self.user_id), self.user_id.hex, *self.pseudonyms, *as_uuids, *self.subjects]

    @property
    def digest(self) -> bytes:
        """What stands for the learner once nothing else does."""
        return digest_of(self.org_id, str(self.user_id))

    @property
    def source(self) -> str:
        """The source of operations on this learner."""
        return f"learner:{self.digest.hex()[:32]}"

    @cached_property
    def mentions(self) -> Mentions:
        """Where texts and documents name the learner."""
        return Mentions(tuple(self.identifiers), self.salt)

    def is_in(self, text: str) -> bool:
        """Return whether a text names the learner anywhere."""
        return self.mentions.is_in(text)

    def owns(self, event: Mapping[str, Any]) -> bool:
        """Return whether an event, or a row of one, is the learner's."""
        owner = next((event[name] for name in OWNERS if event.get(name) is not None), None)
        return owner is not None and self.mentions.is_one(owner) and self._concerns(event)

    def _concerns(self, event: Any) -> bool:
        """Return whether an event may be of this organisation: one without an organisation may be of another."""
        named = event.get("org_id") if isinstance(event, Mapping) else None
        return named is None or str(named).lower() == str(self.org_id)

    def redacted(self, value: Any, name: str | None = None) -> Any:
        """Return JSON without any mention of the learner; an event of another organisation as it is."""
        match value:
            case list():
                return [self.redacted(item, name) for item in value]
            case dict() if self._concerns(value):
                return {self.mentions.redact_name(key): self._redacted_member(key, item) for key, item in value.items()}
            case dict():
                return value
            case _:
                return self.mentions.redact(value, name)

    def _redacted_member(self, name: str, item: Any) -> Any:
        return None if name in IDENTIFIERS and self.mentions.is_one(item) else self.redacted(item, name)

    def is_in_row(self, row: Mapping[str, Any]) -> bool:
        """Return whether a row of a snapshot names the learner anywhere."""
        return self.mentions.is_in_document(row)

    def revise(self, row: Mapping[str, Any], until: datetime) -> Mapping[str, Any] | None:
        """Return a row of a snapshot without the learner; None when it is theirs.

        Rows that happened, and came, after `until` are of a new beginning, and stay.
        """
        if not self.is_in_row(row) or _is_newer(row, row, until):
            return row
        return None if self.owns(row) else self.redacted(dict(row))

    def remains_in_row(self, row: Mapping[str, Any], until: datetime) -> bool:
        """Return whether a row of a snapshot still names the learner, unless it is of a new beginning."""
        return self.is_in_row(row) and not _is_newer(row, row, until)

    def remains_in_line(self, line: str, until: datetime) -> bool:
        """Return the same for a line of text, which may not be a row."""
        if not self.is_in(line):
            return False
        try:
            row = read_document(line)
        except ValueError:
            return True
        return not isinstance(row, Mapping) or self.remains_in_row(row, until)

    def events_in(self, body: str) -> list[Any]:
        """Return the events of an archived message that name the learner; the whole message where it has none."""
        if not self.is_in(body):
            return []
        try:
            document = read_document(body)
        except ValueError:
            return [body]
        events = _events(document)
        found = [event for event in events if self._concerns(event) and self.mentions.is_in_document(event)]
        return found or ([document] if not events and self.mentions.is_in_document(document) else [])

    def take_out(self, body: str, until: datetime | None = None) -> "RemainingMessage | None":
        """Return what is left of an archived message without the learner; None where nothing changes.

        Events of theirs that happened, and came, after `until` are of a new beginning, and stay.
        """
        if not self.is_in(body):
            return None
        try:
            document = read_document(body)
        except ValueError:
            return RemainingMessage(self.mentions.redact_text(body), ())
        events = _events(document)
        if not events:
            return _changed(document, self.redacted(document), ())
        gone = [event for event in events if self._names_owner(event) and not _is_newer(document, event, until)]
        kept = [event for event in events if not any(event is other for other in gone)]
        event_ids = tuple(event_id for event in gone if (event_id := _event_id(event)))
        if not kept:
            return RemainingMessage(None, event_ids)
        around = self.redacted({name: value for name, value in document.items() if name != "events"})
        left = [event if _is_newer(document, event, until) else self.redacted(event) for event in kept]
        return _changed(document, around | {"events": left}, event_ids)

    def _names_owner(self, event: Any) -> bool:
        return isinstance(event, Mapping) and self.owns(event)

    def remains_in(self, body: str, until: datetime) -> bool:
        """Return whether an archived message still names the learner, but for events of a new beginning.

        Asked of the text, so that it finds what `take_out` might have missed.
        """
        if not self.is_in(body):
            return False
        try:
            document = read_document(body)
        except ValueError:
            return True
        events = _events(document)
        around = {name: value for name, value in document.items() if name != "events"} if events else document
        old = [event for event in events if self._concerns(event) and not _is_newer(document, event, until)]
        return self.mentions.is_in_document([around, *old])


@dataclass(frozen=True)
class RemainingMessage:
    """What is left of a message (None: nothing), and the ids of the events that went."""

    body: str | None
    event_ids: tuple[UUID, ...]


def _changed(before: Any, after: Any, event_ids: tuple[UUID, ...]) -> RemainingMessage | None:
    return None if after == before else RemainingMessage(write_document(after), event_ids)


def _events(document: Any) -> list[Any]:
    events = document.get("events") if isinstance(document, dict) else None
    return events if isinstance(events, list) else []


def _event_id(event: Mapping[str, Any]) -> UUID | None:
    return read_uuid(str(event.get("event_id")))


def _is_newer(document: Any, event: Any, until: datetime | None) -> bool:
    """Return whether an event happened, and came, after a moment; one without times did not."""
    if until is None or not isinstance(event, Mapping):
        return False
    moments = (_moment(event.get("occurred_at")), _moment(document.get("received_at")))
    return all(moment is not None and moment > until for moment in moments)


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None
