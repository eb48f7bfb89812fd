"""A database connection of an administrator, by DSN."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from rollcall.store.procedures import call_statement

from workbench.errors import WorkbenchError


@dataclass(frozen=True)
class Session:
    """An open connection that calls procedures."""

    connection: psycopg.Connection[tuple[Any, ...]]

    def call(self, procedure: str, columns: str = "", /, **parameters: Any) -> tuple[Any, ...]:
        """Call a procedure with these parameters, and return its only row: these columns, or its one value."""
        return self.run(call_statement(procedure, columns, tuple(parameters)), tuple(parameters.values()))

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
        """Run one statement and return its only row."""
        row = self.connection.execute(statement.encode(), parameters).fetchone()
        if row is None:
            raise WorkbenchError("The procedure returned no row.")
        return row


@contextmanager
def session(dsn: str) -> Iterator[Session]:
    """Open a database; raises WorkbenchError when it cannot be used."""
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            yield Session(connection)
    except psycopg.Error as fault:
        raise WorkbenchError(f"The database refused: {fault.diag.message_primary or fault}") from fault
