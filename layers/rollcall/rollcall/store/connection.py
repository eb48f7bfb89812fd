"""One connection for each execution environment: reused between invocations, re-opened when broken."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import errors as pg
from psycopg.abc import PQGen

from rollcall.errors import StoreUnavailable
from rollcall.store.procedures import call_statement

CONNECT_TIMEOUT_SECONDS = 2
STATEMENT_TIMEOUT_SECONDS = 5
# A frozen server cannot enforce the limits of its role: the client's own limit, a little later, ends the wait.
ANSWER_TIMEOUT_SECONDS = STATEMENT_TIMEOUT_SECONDS + 1
CONFLICT_TRIES = 4
CONFLICT_PAUSE_SECONDS = 0.02

# Conflicts that another try of the same call cures: the database kept nothing of the transaction. A check violation is
# one when a partition attached meanwhile took over rows on their way to the default partition.
TRANSIENT_CONFLICTS = (pg.DeadlockDetected, pg.SerializationFailure, pg.CheckViolation)
# Refusals of content that can never be stored: by a procedure's checks, by types, or by the client before sending.
REFUSALS = (pg.DataError, pg.IntegrityError, pg.ProgramLimitExceeded, pg.StatementTooComplex, UnicodeError)
# The database is away or takes no writes; also after a failover that left a reader behind the name.
AWAY = (psycopg.OperationalError, psycopg.InterfaceError, pg.ReadOnlySqlTransaction)

Answer = TypeVar("Answer")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DatabaseAddress:
    """The address of the database and the role to use. The password is read for each new connection."""

    host: str
    port: int
    name: str
    sslmode: str
    credentials: Callable[[], tuple[str, str]]


class _BoundedConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that waits a limited time for each answer, then raises OperationalError."""

    answer_timeout_seconds: float = ANSWER_TIMEOUT_SECONDS

    def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
        """Wait as psycopg does, with a limit where it has none."""
        return super().wait(gen, interval, self.answer_timeout_seconds if timeout is None else timeout)


class Database:
    """Calls stored procedures, each call a transaction of its own.

    Built for RDS Proxy and pgbouncer: no session state, no server-side prepared statements. Time limits for
    statements are the role's own (sql/roles.sql), unless one is given, which costs a call more round trips.
    """

    def __init__(
        self,
        address: DatabaseAddress,
        answer_timeout_seconds: float = ANSWER_TIMEOUT_SECONDS,
        statement_timeout_seconds: float | None = None,
    ) -> None:
        self._address = address
        self._answer_timeout_seconds = answer_timeout_seconds
        self._statement_timeout_seconds = statement_timeout_seconds
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def call(self, procedure: str, columns: str = "", /, **parameters: Any) -> tuple[Any, ...]:
        """Call a procedure with these parameters and return its only row: these columns, or its one value.

        Raises StoreUnavailable, as `run` does.
        """
        return self.run(call_statement(procedure, columns, tuple(parameters)), tuple(parameters.values()))

    def refuses(self, procedure: str, columns: str = "", /, **parameters: Any) -> bool:
        """Return whether a call's content can never be stored. The database takes back whatever the call did.

        Raises StoreUnavailable.
        """
        try:
            self.run(call_statement(procedure, columns, tuple(parameters)), tuple(parameters.values()), is_trial=True)
        except REFUSALS:
            return True
        return False

    def run(self, statement: str, parameters: Sequence[Any] = (), *, is_trial: bool = False) -> tuple[Any, ...]:
        """Run one statement and return its only row; in a trial, the database takes back whatever it did.

        Raises StoreUnavailable when the database is away, or still in conflict after a few tries.
        """
        for attempt in range(1, CONFLICT_TRIES + 1):
            try:
                return self._run_reconnecting(statement, parameters, is_trial)
            except TRANSIENT_CONFLICTS as conflict:
                if _is_our_fault(conflict):
                    raise
                logger.info("database conflict", extra={"sqlstate": conflict.sqlstate, "attempt": attempt})
                time.sleep(CONFLICT_PAUSE_SECONDS * attempt * random.random())  # noqa: S311 - jitter, no secret
            except (pg.ProgramLimitExceeded, pg.StatementTooComplex):
                raise  # operational errors by their class, and the content's fault all the same
            except AWAY as away:
                self.close()
                raise StoreUnavailable from away
        raise StoreUnavailable

    def _run_reconnecting(self, statement: str, parameters: Sequence[Any], is_trial: bool) -> tuple[Any, ...]:
        reused = self._connection is not None
        try:
            return self._execute(statement, parameters, is_trial)
        except TRANSIENT_CONFLICTS:
            raise
        except AWAY:
            # A connection of an idle environment may be dead. One try on a fresh connection decides.
            if not reused or (self._connection is not None and not self._connection.broken):
                raise
            self.close()
            return self._execute(statement, parameters, is_trial)

    def _execute(self, statement: str, parameters: Sequence[Any], is_trial: bool) -> tuple[Any, ...]:
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        row = self._fetch(self._connection, statement, parameters, is_trial)
        if row is None:
            raise StoreUnavailable("The procedure answered nothing.")
        return row

    def _fetch(
        self, connection: psycopg.Connection[tuple[Any, ...]], statement: str, parameters: Sequence[Any], is_trial: bool
    ) -> tuple[Any, ...] | None:
        if self._statement_timeout_seconds is None and not is_trial:
            return connection.execute(statement, parameters).fetchone()
        with connection.transaction(force_rollback=is_trial):
            if self._statement_timeout_seconds is not None:
                # Before the statement and not in its procedure: one that runs keeps the limit that it began with.
                limit = f"{round(1000 * self._statement_timeout_seconds)}ms"
                connection.execute("select set_config('statement_timeout', %s, true)", (limit,))
            return connection.execute(statement, parameters).fetchone()

    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        username, password = self._address.credentials()
        connection = _BoundedConnection.connect(
            host=self._address.host,
            port=self._address.port,
            dbname=self._address.name,
            user=username,
            password=password,
            sslmode=self._address.sslmode,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            # When the network swallows packets, give up soon after the statement's own limit.
            tcp_user_timeout=1000 * ANSWER_TIMEOUT_SECONDS,
            keepalives_idle=STATEMENT_TIMEOUT_SECONDS,
            keepalives_interval=2,
            keepalives_count=2,
            application_name="rollcall",
            autocommit=True,
            prepare_threshold=None,
        )
        connection.answer_timeout_seconds = self._answer_timeout_seconds
        return connection

    def close(self) -> None:
        """Forget the connection; the next call opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _is_our_fault(conflict: psycopg.Error) -> bool:
    """Return whether a table's own check failed: it has a name, and the bounds of a partition have none."""
    return isinstance(conflict, pg.CheckViolation) and conflict.diag.constraint_name is not None


def name_of(refusal: Exception) -> str:
    """Return the name of a refusal: its code, and never its text, which may quote a row."""
    return f"SQLSTATE {getattr(refusal, 'sqlstate', None) or 'none'}."
