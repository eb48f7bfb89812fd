"""The events that an id in a request may mean: by our own ids, and by those of public clients."""

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
