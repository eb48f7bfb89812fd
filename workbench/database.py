"""A database as its administrator reaches it: the local stack's, or another by its DSN."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import psycopg
import typer

from workbench.checkout import here
from workbench.errors import WorkbenchError
from workbench.stack.state import read_state

Dsn = Annotated[
    str | None,
    typer.Option(envvar="ROLLCALL_DSN", help="Which database, as one who may act for rollcall_ops. Default: local."),
]


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
def session(dsn: str | None) -> Iterator[Session]:
    """Open a database, the local stack's without a DSN; raises WorkbenchError when it cannot be used."""
    try:
        with psycopg.connect(dsn or read_state(here()).dsn, autocommit=True) as connection:
            yield Session(connection)
    except psycopg.Error as fault:
        raise WorkbenchError(f"The database refused: {fault.diag.message_primary or fault}") from fault
