"""Redrive: put dead letters back on their queues, scrubbed by the current policy. A step of an operation."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from rollcall.contracts.dead_letters.letter import DeadLetter, MessageAttributes
from rollcall.contracts.dead_letters.redrive import Selection, read_selection
from rollcall.contracts.ingest.analytics import QueuedBatch
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation
from rollcall.domain.dead_letters import letters as dead_letters
from rollcall.domain.retention.lifetimes import Lifetimes
from rollcall.errors import BeyondLedger, RollcallError, ScrubFailed, TooLarge, Unavailable
from rollcall.flows.dead_letters.record import scrub_body
from rollcall.flows.operations.work import Chunk, StepResult
from rollcall.flows.scrub.events import Scrubbing, scrub_batch_again

LETTERS_MAX = 50  # in a chunk: a second's work at the usual rate, well within a lease
# SQS allows 1,048,576 bytes with attributes. This leaves room for the attributes.
BODY_BYTES_MAX = 1_047_000
NO_REASON = "no reason given"

Send = Callable[[str, str, dict[str, str]], object]
"""Sends a body with its attributes to the named queue, durably; raises QueueUnavailable."""
Result = tuple[DeadLetter, str | None]
"""A dead letter, and the code of the error that stopped its redrive, or None."""


class Ledger(Protocol):
    """The ledger of dead letters; raises StoreUnavailable."""

    def select_dead_letters(
        self, org_id: UUID, selection: Selection, until: datetime | None, after: UUID | None, limit: int
    ) -> tuple[int | None, list[DeadLetter]]:
        """Return the next dead letters of a selection after that id, and with the first page, how many there are."""

    def mark_redriven(
        self, org_id: UUID, operation_id: UUID, acted_by: str, reason: str, results: Sequence[Result]
    ) -> None:
        """Note the result of an operation for each dead letter, once."""


class Archive(Protocol):
    """The archive of bodies; raises ObjectsUnavailable."""

    def get(self, key: str) -> bytes:
        """Return a body; raises ObjectMissing."""


@dataclass(frozen=True)
class Redrive:
    """The step, with the IO it was given. A unit is a message.

    A message is sent first and noted afterwards. If the worker is killed between the two, the message is sent again,
    and its events still count once. A message that cannot be sent gives a failed result with its code: its dead letter
    stays open, the others go on. A message with an event older than the ledger's memory fails too, because that event
    could be counted twice.
    """

    ledger: Ledger
    archive: Archive
    send: Send
    scrubbing_of: Callable[[UUID], Scrubbing]
    lifetimes: Lifetimes
    now: Callable[[], datetime]

    def __call__(self, operation: Operation, chunk: Chunk) -> StepResult:
        """Redrive the next dead letters of the operation's selection."""
        after = UUID(operation.cursor["dead_letter_id"]) if operation.cursor else None
        letters_max = min(chunk.units_max or LETTERS_MAX, LETTERS_MAX)
        matching, letters = self.ledger.select_dead_letters(
            operation.org_id, read_selection(operation), operation.requested_at, after, letters_max
        )
        results = self._redrive_all(letters, operation)
        if results and not operation.is_dry_run:
            reason = operation.reason or NO_REASON
            self.ledger.mark_redriven(operation.org_id, operation.operation_id, operation.requested_by, reason, results)
        counts = Counter("redriven" if code is None else "failed" for _, code in results)
        counts["done"] = len(results)
        if matching is not None:
            counts["total"] = matching
        last = results[-1][0].dead_letter_id if results else after
        cursor = {"dead_letter_id": str(last)} if last else None
        is_done = len(letters) < letters_max and len(results) == len(letters)
        return StepResult(counts, cursor, is_done, len(results))

    def _redrive_all(self, letters: Sequence[DeadLetter], operation: Operation) -> list[Result]:
        """Return the results up to the first outage; raises Unavailable when the first letter met one."""
        results: list[Result] = []
        for letter in letters:
            try:
                self._redrive(letter, operation)
            except Unavailable:
                if not results:
                    raise
                break
            except RollcallError as failed:
                results.append((letter, failed.code))
            else:
                results.append((letter, None))
        return results

    def _redrive(self, letter: DeadLetter, operation: Operation) -> None:
        if letter.archive_key is None:
            raise ScrubFailed
        kept = self.archive.get(letter.archive_key).decode()
        self._refuse_forgotten(letter, kept)
        body = self._body_of_now(letter, kept)
        if len(body.encode()) > BODY_BYTES_MAX:
            raise TooLarge
        if operation.is_dry_run:
            return
        attributes = MessageAttributes(
            org_id=letter.org_id,
            dead_letter_id=letter.dead_letter_id,
            operation_id=operation.operation_id,
            first_failed_at=letter.first_failed_at,
        )
        self.send(letter.queue, body, attributes.as_strings())

    def _refuse_forgotten(self, letter: DeadLetter, body: str) -> None:
        batch = dead_letters.read_batch_message(body)
        earliest = (
            # An unreadable body: its events cannot be older than the oldest event accepted when it failed.
            self.lifetimes.accepted_from(letter.first_failed_at)
            if batch is None
            else min((event.occurred_at for event in batch.events), default=letter.first_failed_at)
        )
        if earliest < self.lifetimes.vouches_from(self.now()):
            raise BeyondLedger

    def _body_of_now(self, letter: DeadLetter, body: str) -> str:
        """Return an archived body scrubbed by the current policy.

        Raises ScrubFailed, KeysUnavailable, and ConfigurationInvalid when the key of its pseudonyms is gone.
        """
        match dead_letters.read_batch_message(body):
            case QueuedBatch() as queued:
                return dead_letters.write_batch(
                    scrub_batch_again(queued, self.scrubbing_of(queued.org_id).with_key(queued.key_id))
                )
            case SpooledBatch() as spooled:
                return dead_letters.write_batch(spooled)
            case _:
                return scrub_body(letter.queue, body, self.scrubbing_of(letter.org_id).scrubber)
