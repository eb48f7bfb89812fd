"""Which events an id may be of that somebody asks about: our own ids, and those that public clients give."""

from uuid import UUID

from rollcall.contracts.identifiers import read_uuid
from rollcall.domain.ingest import posthog, segment
from rollcall.domain.ingest.readable import readable


def event_ids_of(org_id: UUID, text: str) -> list[UUID]:
    """Return the event ids that a text stands for in an organisation: itself, a messageId's, or an insert id's."""
    stated = str(readable(text))
    known = read_uuid(stated)
    made = [segment.message_event_id(org_id, stated), posthog.insert_event_id(org_id, stated)]
    return list(dict.fromkeys([*([known] if known else []), *made]))
