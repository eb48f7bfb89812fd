"""stack.json: the addresses of a running stack."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from workbench.checkout import Checkout
from workbench.errors import WorkbenchError


class Pids(BaseModel):
    """The stack's processes."""

    postgres: int
    emulator: int


class StackState(BaseModel):
    """A running stack."""

    model_config = ConfigDict(frozen=True)

    http_url: str
    ws_url: str | None = None
    dsn: str
    postgres_port: int
    emulator_port: int
    aws_endpoint_url: str
    aws_region: str
    jwt_secret_arn: str
    jwt_issuer: str
    jwt_audience: str
    queues: dict[str, str]
    buckets: dict[str, str] = {}
    pids: Pids

    @property
    def console_url(self) -> str:
        """The address of the operations console."""
        return f"{self.http_url}/console"

    def write(self, path: Path) -> None:
        """Write the file readable only by this user, because it has the local administrator's password."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(self.model_dump(), indent=2) + "\n")


def read_state(checkout: Checkout) -> StackState:
    """Return the running stack's state; raises WorkbenchError when there is none."""
    try:
        return StackState.model_validate_json(checkout.stack_file.read_text())
    except FileNotFoundError:
        raise WorkbenchError("No stack is running here. Start it with `rollcall up`.") from None
