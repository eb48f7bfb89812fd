"""A learner known in every way, others beside them, and what erases and exports them: for tests of both."""

import gzip
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from rollcall.cloud.socket_table import Tickets
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION, Failure
from rollcall.contracts.dead_letters.redrive import Selection
from rollcall.contracts.ingest.spool import SpooledBatch
from rollcall.contracts.operations import Operation, OperationMessage, OperationRequest
from rollcall.domain.dead_letters import letters
from rollcall.domain.keyring import Keyring
from rollcall.domain.privacy import certificate
from rollcall.domain.privacy.learner_identifiers import LearnerIdentifiers
from rollcall.domain.scrub.pseudonym import Pseudonymiser
from rollcall.flows.ingest import archive
from rollcall.flows.operations.work import OperationWorker, Step
from rollcall.flows.privacy.erase import Erase
from rollcall.flows.privacy.export import Export
from rollcall.flows.privacy.residue import FindResidue
from rollcall.flows.retention.rewrite_snapshot import RewriteSnapshots
from rollcall.flows.retention.snapshot_manifest import Manifests
from rollcall.store.dead_letters.failures import FailureStore
from rollcall.store.dead_letters.letters import DeadLetterStore
from rollcall.store.operations import OperationStore
from rollcall.store.privacy import PrivacyStore
from rollcall.store.retention.snapshots import SnapshotStore

from tests import bucket
from tests.builders import NOW, an_event, queued_batch, scrubbed_event
from tests.postgres import ScratchDatabase
from tests.unit.fakes.table import MemoryTable

KEYRING = Keyring("k2", {"k1": "a secret of thirty-two characters", "k2": "and another one of thirty-two characters"})
ANONYMOUS = "a-device-before-sign-in"


@dataclass
class Bucket(bucket.Bucket):
    """Objects by key, in memory."""

    def put_stream(self, key: str, pieces: Iterator[bytes]) -> None:
        """Keep all of it."""
        self.put(key, b"".join(pieces))

    def texts(self) -> dict[str, str]:
        """Return what is readable in every object."""
        return {
            key: (gzip.decompress(body) if key.endswith(".gz") else body).decode() for key, body in self.objects.items()
        }


@dataclass
class Household:
    """An organisation with a learner, and others of the same organisation and of another one."""

    clone: ScratchDatabase
    org_id: UUID = field(default_factory=uuid4)
    learner: UUID = field(default_factory=uuid4)
    sibling: UUID = field(default_factory=uuid4)
    elsewhere: UUID = field(default_factory=uuid4)
    bucket: Bucket = field(default_factory=Bucket)

    def __post_init__(self) -> None:
        """Open the stores, as the functions of the ops role reach them."""
        self.database = self.clone.database("rollcall_ops")
        self.operations = OperationStore(self.database)
        self.privacy = PrivacyStore(self.database)
        self.letters = DeadLetterStore(self.database)
        self.failure_store = FailureStore(self.clone.database())
        kept = SnapshotStore(self.database)
        self.tickets = Tickets(MemoryTable(), frozenset(), lambda: NOW)  # type: ignore[arg-type]
        self.snapshots = RewriteSnapshots(kept, self.bucket, Manifests(kept, self.bucket, lambda: KEYRING))

    def pseudonym(self, value: object, org_id: UUID | None = None, key_id: str = "k1") -> str:
        """Return the pseudonym of a value in an organisation, under a key."""
        return Pseudonymiser(KEYRING, org_id or self.org_id).for_key(key_id).pseudonym(str(value))

    @property
    def former_pseudonyms(self) -> list[str]:
        """The pseudonyms that an earlier release made of other spellings of the learner's id."""
        return sorted(Pseudonymiser(KEYRING, self.org_id).for_key("k1").former_pseudonyms(self.learner))

    @property
    def identifiers(self) -> LearnerIdentifiers:
        """What the learner is known by."""
        owners = (self.org_id, NIL_ORGANISATION)
        makers = [Pseudonymiser(KEYRING, owner).for_key(key) for owner in owners for key in ("k1", "k2")]
        current, former = (maker.pseudonym for maker in makers), (maker.former_pseudonyms for maker in makers)
        return LearnerIdentifiers.of(self.org_id, self.learner, [ANONYMOUS], current, former)

    def populate(self) -> None:
        """Store something of everybody in every place that there is."""
        for org_id, user_id in self.everybody():
            events = [an_event(org_id, user_id=user_id, occurred_at=NOW - timedelta(hours=hour)) for hour in range(30)]
            self.clone.take([org_id], *events, subject=str(user_id))
            self.clone.assign(org_id, user_id, "algebra", assigned_by=self.learner)
            self.tell(org_id, user_id)
            self.archive(org_id, user_id)
            self.record(org_id, user_id)

    def everybody(self) -> list[tuple[UUID, UUID]]:
        """Return who there is: the learner and a sibling; and in another organisation, both once more."""
        people = (self.learner, self.sibling)
        return [(org_id, user_id) for org_id in (self.org_id, self.elsewhere) for user_id in people]

    def tell(self, org_id: UUID, user_id: UUID) -> None:
        """Store analytics events: of a person, under either key, before sign-in, and by another about them."""
        own = [
            scrubbed_event(user_pseudonym=self.pseudonym(user_id, org_id, key), digest=key[1] * 32)
            for key in ("k1", "k2")
        ]
        before = scrubbed_event(user_pseudonym=None, anonymous_pseudonym=self.pseudonym(ANONYMOUS, org_id))
        about = scrubbed_event(
            user_pseudonym=self.pseudonym("a teacher", org_id),
            properties={"student_id": self.pseudonym(user_id, org_id), "score": 3},
        )
        shared = scrubbed_event(
            user_pseudonym=self.pseudonym(self.sibling, org_id), anonymous_pseudonym=self.pseudonym(ANONYMOUS, org_id)
        )
        sent_by = self.pseudonym(user_id, org_id)
        batch = queued_batch(org_id, *own, before, about, shared, sent_by=sent_by)
        self.clone.analytics.ingest_analytics(org_id, [batch])

    def archive(self, org_id: UUID, user_id: UUID) -> None:
        """Archive what came through the spool: a batch of theirs, and one of several people."""
        alone = SpooledBatch(
            subject=str(user_id), org_ids=[org_id], received_at=NOW, events=[an_event(org_id, user_id=user_id)]
        )
        mixed = alone.model_copy(
            update={
                "events": [
                    an_event(org_id, user_id=user_id, assigned_by=self.learner),
                    an_event(org_id, user_id=self.sibling, assigned_by=self.learner),
                ]
            }
        )
        for batch in (alone, mixed):
            archive.archive_spooled(str(uuid4()), batch.model_dump_json(exclude_none=True), self.bucket.put)

    def record(self, org_id: UUID, user_id: UUID) -> None:
        """Record a batch of the learner, as the flow leaves it; and an unreadable one."""
        event = scrubbed_event(user_pseudonym=self.pseudonym(user_id, org_id))
        self._record(org_id, queued_batch(org_id, event).model_dump_json(exclude_none=True), [event.event_id])
        unread = {"version": 9, "events": [{"user_id": str(user_id), "org_id": str(org_id), "event_id": str(uuid4())}]}
        self._record(NIL_ORGANISATION, json.dumps(unread), [])

    def _record(self, org_id: UUID, body: str, event_ids: list[UUID]) -> None:
        letter_id = uuid4()
        key = letters.archive_key(org_id, NOW, letter_id)
        self.bucket.put(key, body.encode())
        failure = Failure(
            dead_letter_id=letter_id,
            failure_id=uuid4(),
            queue="analytics",
            cause="store_refused",
            error_code="store_refused",
            first_failed_at=NOW,
            failed_at=NOW,
            receive_count=3,
            size_bytes=len(body),
            body_digest="f" * 32,
            event_ids=event_ids,
            archive_key=key,
        )
        self.failure_store.record_dead_letter(org_id, failure)

    def steps(self, wrap: Callable[[Step], Step] = lambda step: step) -> dict[str, Step]:
        """Return the steps, with this bucket and database."""
        erase = Erase(
            self.privacy,
            self.bucket,
            self.snapshots,
            FindResidue(self.privacy, self.bucket, self.snapshots),
            self.tickets,
            lambda org_id, letter_id, by, why: self.letters.discard_dead_letters(
                org_id, Selection(dead_letter_ids=[letter_id]), by, why, dry_run=False, limit=1
            ),
            lambda document: certificate.sign(document, KEYRING),
            lambda: datetime.now(UTC),
            _ticking(),
        )
        export = Export(self.privacy, self.bucket, self.snapshots, lambda: datetime.now(UTC), _ticking())
        return {"erase": wrap(erase), "export": wrap(export)}

    def ask(self, kind: Any, *, is_dry_run: bool = False) -> Operation:
        """Write an erasure or export down."""
        request = OperationRequest(
            org_id=self.org_id,
            kind=kind,
            source=self.identifiers.source,
            parameters=self.identifiers.parameters(),
            is_dry_run=is_dry_run,
            requested_by="somebody",
            reason=f"ticket of {self.learner}",
        )
        operation, is_new = self.operations.request(request, uuid4())
        assert is_new
        return operation

    def run(
        self, kind: Any, *, is_dry_run: bool = False, wrap: Callable[[Step], Step] = lambda step: step
    ) -> Operation:
        """Ask for it, and work until it is finished."""
        return self.work_on(self.ask(kind, is_dry_run=is_dry_run), wrap)

    def work_on(self, operation: Operation, wrap: Callable[[Step], Step] = lambda step: step) -> Operation:
        """Work on an operation until it is finished; a worker that is killed is followed by another one."""
        message = OperationMessage(org_id=operation.org_id, operation_id=operation.operation_id)
        steps = self.steps(wrap)
        for _ in range(500):
            with suppress(Killed):
                worked = OperationWorker(self.operations, steps, _ticking(), lambda _: None).work(message)
                assert worked.fault is None, worked
                if worked.again_in_seconds is None:
                    assert worked.operation is not None
                    return worked.operation
            self.clone.execute("update rollcall.operations set leased_until = now() where leased_until is not null")
        raise AssertionError("it never ends")

    def certificate(self, operation: Operation) -> dict[str, Any]:
        """Return the certificate of an erasure."""
        found = self.privacy.certificate(operation.org_id, operation.operation_id)
        assert found is not None
        return found

    def export_of(self, operation: Operation) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Return the manifest and the lines of an export."""
        text = gzip.decompress(self.bucket.objects[f"exports/{operation.org_id}/{operation.operation_id}.jsonl.gz"])
        manifest, *lines = map(json.loads, text.decode().splitlines())
        return manifest["manifest"], lines

    def mentions(self) -> dict[str, int]:
        """Return how often the learner is named in each table, as text, in rows of the organisation; and in objects."""
        found = {}
        with self.clone.connect() as connection:
            tables = connection.execute(
                "select relname from pg_class inner join pg_attribute on attrelid = pg_class.oid and attname = 'org_id'"
                " where relnamespace = 'rollcall'::regnamespace and relkind = 'r'"
            ).fetchall()
            for (table,) in tables:
                rows = connection.execute(
                    f"select t::text from rollcall.{table} as t where org_id = %s".encode(), (self.org_id,)
                )
                found[table] = sum(self.names_learner(row) for (row,) in rows)
        for key, text in self.bucket.texts().items():
            if str(self.org_id) in key:
                found[key.partition("/")[0]] = found.get(key.partition("/")[0], 0) + self.names_learner(text)
        return {place: number for place, number in found.items() if number}

    def names_learner(self, text: str) -> bool:
        """Tell whether a text names the learner: by words of the test's own, not by the code under test."""
        values = [self.pseudonym(value, key_id=key) for value in (self.learner, ANONYMOUS) for key in ("k1", "k2")]
        known = [str(self.learner), self.learner.hex, *values, *(str(UUID(value)) for value in values)]
        return any(identifier in text.lower() for identifier in known)


class Killed(BaseException):
    """What ends a worker without a word."""


def _ticking() -> Callable[[], float]:
    """Return a clock that goes on by a twentieth of a second each time it is read: chunks and slices end early."""
    seconds = itertools.count(step=0.05)
    return lambda: next(seconds)
