"""Redrive: put dead letters back on their queues, scrubbed by the policy of now. A step of the operations' engine."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from rollcall.contracts.dead_letters.letter import DeadLetter, Marks
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

LETTERS_MAX = 50  # in a chunk: a second's worth at the usual rate, read and sent well within a lease
# SQS's most is 1,048,576 bytes, attributes included; ours take less than this leaves.
BODY_BYTES_MAX = 1_047_000
NO_REASON = "no reason given"

Send = Callable[[str, str, dict[str, str]], object]
"""Puts a body with its attributes on the queue of a name, durably; raises QueueUnavailable."""
Result = tuple[DeadLetter, str | None]
"""A dead letter, and the code of why it could not be redriven."""


class Ledger(Protocol):
    """Knows dead letters; raises StoreUnavailable."""

    def select_dead_letters(
        self, org_id: UUID, selection: Selection, until: datetime | None, after: UUID | None, limit: int
    ) -> tuple[int | None, list[DeadLetter]]:
        """Return how many a selection has (with its first page alone), and the next after that id, in their order."""

    def mark_redriven(
        self, org_id: UUID, operation_id: UUID, acted_by: str, reason: str, results: Sequence[Result]
    ) -> None:
        """Note what an operation did with dead letters, once each."""


class Archive(Protocol):
    """Keeps bodies; raises ObjectsUnavailable."""

    def get(self, key: str) -> bytes:
        """Return one; raises ObjectMissing."""


@dataclass(frozen=True)
class Redrive:
    """The step, with the IO it was given. A unit is a message.

    A message is sent first and noted then: a kill between the two sends it again, which stores nothing twice. One that
    cannot be sent is a failed result with its code; its dead letter stays open, and the others go on. So is one with an
    event that the ledger may have forgotten before it is stored: it could be counted twice.
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
        """Return the results as far as it came before something was away; raises Unavailable when that was nowhere."""
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
        marks = Marks(
            org_id=letter.org_id,
            dead_letter_id=letter.dead_letter_id,
            operation_id=operation.operation_id,
            first_failed_at=letter.first_failed_at,
        )
        self.send(letter.queue, body, marks.attributes())

    def _refuse_forgotten(self, letter: DeadLetter, body: str) -> None:
        batch = dead_letters.read_batch_message(body)
        earliest = (
            # Nobody can read it now; who can once, finds nothing older in it.
            self.lifetimes.accepted_from(letter.first_failed_at)
            if batch is None
            else min((event.occurred_at for event in batch.events), default=letter.first_failed_at)
        )
        if earliest < self.lifetimes.vouches_from(self.now()):
            raise BeyondLedger

    def _body_of_now(self, letter: DeadLetter, body: str) -> str:
        """Return an archived body as the policy of now leaves it.

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
