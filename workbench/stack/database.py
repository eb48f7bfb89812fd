"""A database as its administrator reaches it, by its DSN."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from workbench.errors import WorkbenchError


@dataclass(frozen=True)
class Session:
    """An open connection that calls procedures."""

    connection: psycopg.Connection[tuple[Any, ...]]

    def call(self, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...]:
        """Run one statement and return its only row."""
        row = self.connection.execute(statement.encode(), parameters).fetchone()
        if row is None:
            raise WorkbenchError("The procedure answered nothing.")
        return row


@contextmanager
def session(dsn: str) -> Iterator[Session]:
    """Open a database; raises WorkbenchError when it cannot be used."""
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            yield Session(connection)
    except psycopg.Error as fault:
        raise WorkbenchError(f"The database refused: {fault.diag.message_primary or fault}") from fault
