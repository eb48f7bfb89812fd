"""The bench's own stack: the template deployed to an emulator, beside a local stack that may be running."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from workbench.checkout import Checkout, here
from workbench.stack.local import LocalStack
from workbench.stack.ports import choose
from workbench.stack.state import StackState

HTTP_PORT, DATABASE_PORT = 4599, 54599


@contextmanager
def deployed_stack(home: Path, parameters: Mapping[str, str] | None = None) -> Iterator[StackState]:
    """Deploy with these parameters, yield the stack's addresses, and delete the stack afterwards."""
    local = LocalStack(Checkout(here().root, home), parameters or {})

    def say(_step: str) -> None:
        """Print nothing, to keep the progress bar."""

    try:
        yield local.up(say, choose(None, HTTP_PORT), choose(None, DATABASE_PORT))
    finally:
        local.reset(say)
