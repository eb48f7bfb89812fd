"""Scrub rows: apply the current policy to analytics events in the row form of snapshots."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any
from uuid import UUID

from rollcall.contracts.ingest.analytics import ScrubbedEvent
from rollcall.domain.retention.snapshot import write_row
from rollcall.errors import ConfigurationInvalid, ScrubFailed
from rollcall.flows.scrub.events import Scrubbing, scrub_again

MEMBERS = set(ScrubbedEvent.model_fields) - {"digest"}
NO_DIGEST = "0" * 32  # set on rows whose identity the ledger had forgotten; it is not written back
Row = Mapping[str, Any]


def row_scrubber(scrubbing: Scrubbing) -> Callable[[Row], Row]:
    """Return the function that scrubs a row. A row that this policy version scrubbed stays unchanged."""
    with_key = cache(lambda key_id: with_key_of_row(scrubbing, key_id))

    def scrub(row: Row) -> Row:
        if row["policy_version"] == scrubbing.policy_version:
            return row
        # Scrubbing expects float or int, not the Decimal of a row that is rewritten.
        plain = json.loads(write_row({name: row[name] for name in MEMBERS}))
        event = ScrubbedEvent.model_validate(plain | {"digest": row["content_digest"] or NO_DIGEST})
        again, _ = scrub_or_empty(event, with_key(row["key_id"]))
        left = {"name": again.name, "properties": again.properties, "remarks": [list(each) for each in again.remarks]}
        return {**row, **left, "policy_version": scrubbing.policy_version}

    return scrub


def scrubber_of(scrubbing_of: Callable[[UUID], Scrubbing]) -> Callable[[UUID], Callable[[Row], Row]]:
    """Return the same function for rows of any organisation."""
    return lambda org_id: row_scrubber(scrubbing_of(org_id))


def scrub_or_empty(event: ScrubbedEvent, scrubbing: Scrubbing) -> tuple[ScrubbedEvent, bool]:
    """Return an event as scrubbed, and whether scrubbing succeeded.

    An event that cannot be scrubbed loses all its properties: it was accepted, so it stays, without personal values.
    """
    try:
        return scrub_again(event, scrubbing), True
    except ScrubFailed as failed:
        emptied = {"properties": {}, "remarks": [*event.remarks, ("*", failed.code, "remove")]}
        return event.model_copy(update=emptied), False


def with_key_of_row(scrubbing: Scrubbing, key_id: str) -> Scrubbing:
    """Return the same with the key that a row names, or with the current key if the keyring no longer has that one.

    With the current key, old pseudonyms in the properties are not recognised and become new ones. That loses a join,
    but leaving the row unchanged would keep values that the policy forbids.
    """
    try:
        return scrubbing.with_key(key_id)
    except ConfigurationInvalid:
        return scrubbing
