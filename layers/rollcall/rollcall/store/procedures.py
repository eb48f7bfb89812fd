"""Stored procedures are called with named parameters; every statement is written here, once for each form of call."""

from functools import cache
from typing import Any, Protocol


class Procedures(Protocol):
    """Calls stored procedures: `store.connection.Database`, or the session of an administrator."""

    def call(self, procedure: str, columns: str = "", /, **parameters: Any) -> tuple[Any, ...]:
        """Call a procedure with these parameters and return its only row: these columns, or its one value."""


@cache
def call_statement(procedure: str, columns: str, parameters: tuple[str, ...]) -> str:
    """Return the statement that calls a procedure, with a placeholder for each parameter, in this order.

    The statement selects the columns of the procedure's row, or its one value where `columns` is empty. The names come
    from the code and never from a request.
    """
    call = f"rollcall.{procedure}({', '.join(f'{name} => %s' for name in parameters)})"
    return f"select {columns} from {call}" if columns else f"select {call}"  # noqa: S608 - no names but the code's
