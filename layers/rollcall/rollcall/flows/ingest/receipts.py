"""Receipts: note which events are queued or rejected, so that clients can ask whether an event arrived."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from rollcall.contracts.ingest.receipt import EventKind, QueuedEvents, Rejection
from rollcall.domain.ingest.batch import ReadBatch
from rollcall.domain.ingest.rate import RateAnswer, RateLimit
from rollcall.errors import InvalidRequest, RateLimited, StoreUnavailable, TooLarge


class ReceiptStore(Protocol):
    """Notes queued and rejected events; raises StoreUnavailable."""

    def announce_batches(
        self, subject: str, limit: RateLimit, batches: Sequence[QueuedEvents], received_at: datetime
    ) -> RateAnswer:
        """Take one request from the caller's allowance, and note the batches to be queued."""

    def withdraw_batches(self, batches: Sequence[QueuedEvents]) -> None:
        """Remove batches that could not be queued."""

    def note_rejections(
        self,
        subject: str,
        limit: RateLimit | None,
        rejections: Sequence[Rejection],
        rejected_at: datetime,
        kind: EventKind,
    ) -> RateAnswer:
        """Note why events of a kind were rejected; a `limit` of None does not count against the caller's rate."""


def note_rejections(
    store: ReceiptStore,
    read: ReadBatch[Any],
    subject: str,
    org_ids: frozenset[UUID],
    limit: RateLimit,
    rejected_at: datetime,
    kind: EventKind,
) -> RateAnswer:
    """Note the rejections of a batch. A batch without valid events counts against the caller's rate here.

    While the database is away they are not noted: the receipt names them, and no rejected event was taken.
    """
    rejections = read.rejections_within(org_ids)
    if read.events:
        return _note(store, subject, None, rejections, rejected_at, kind) if rejections else RateAnswer(None)
    return _note(store, subject, limit, rejections, rejected_at, kind)


def charge(store: ReceiptStore, subject: str, limit: RateLimit, at: datetime, kind: EventKind) -> RateAnswer:
    """Count a request without readable events against its caller's rate."""
    return _note(store, subject, limit, [], at, kind)


@contextmanager
def charging(charge: Callable[[], RateAnswer]) -> Iterator[None]:
    """Count a request that cannot be read against its caller's rate; raises RateLimited when the rate is exceeded."""
    try:
        yield
    except (InvalidRequest, TooLarge):
        if retry_after_ms := charge().retry_after_ms:
            raise RateLimited(retry_after_seconds=math.ceil(retry_after_ms / 1000)) from None
        raise


def _note(
    store: ReceiptStore,
    subject: str,
    limit: RateLimit | None,
    rejections: list[Rejection],
    rejected_at: datetime,
    kind: EventKind,
) -> RateAnswer:
    try:
        return store.note_rejections(subject, limit, rejections, rejected_at, kind)
    except StoreUnavailable:
        return RateAnswer(None)
