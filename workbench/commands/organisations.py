"""The organisations of a command on dead letters: those that the command line names, or all known ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self
from uuid import UUID

import jwt
import psycopg
import typer
from rollcall.contracts.dead_letters.letter import NIL_ORGANISATION

from workbench.api_client import ApiClient, ApiRefused
from workbench.checkout import here
from workbench.errors import WorkbenchError
from workbench.stack.state import read_state

PATH = "/api/admin/dead-letters"
NOT_FOUND = 404
KNOWN = """
select org_id from rollcall.organisations
union select org_id from rollcall.dead_letters
order by org_id
"""

OrgsOption = Annotated[
    list[UUID] | None,
    typer.Option(
        "--org",
        help="An organisation; repeat for several. Default: all organisations of the local stack, or of the"
        " token, and the nil organisation.",
    ),
]


@dataclass(frozen=True)
class Organisations:
    """Organisations, and the API client to ask about them."""

    client: ApiClient
    org_ids: list[UUID]

    @classmethod
    def open(cls, org_ids: Sequence[UUID] | None, url: str | None, token: str | None) -> Self:
        """Return the organisations that are named, or all known ones; raises WorkbenchError."""
        chosen = list(org_ids or (_held_by(token) if token else _known_here() if url is None else []))
        # The token for the local stack may do everything: a person at this machine can do everything too.
        return cls(ApiClient.open(url, token, chosen, scopes=("admin:super",)), chosen)

    def get(self, org_id: UUID, path: str = "", *, limit: int | None = None, **query: str) -> dict[str, Any]:
        """Return the API's answer about one organisation."""
        given: dict[str, str | int] = {**query, "org_id": str(org_id)}
        return self.client.get(f"{PATH}{path}", **given | ({} if limit is None else {"limit": limit}))

    def find(self, letter_id: UUID) -> tuple[UUID, dict[str, Any]]:
        """Return a dead letter's organisation, and its details; raises WorkbenchError when no organisation has it."""
        for org_id in self.org_ids:
            try:
                return org_id, self.get(org_id, f"/{letter_id}")
            except ApiRefused as refused:
                if refused.status != NOT_FOUND:
                    raise
        raise WorkbenchError(f"None of the {len(self.org_ids)} organisations has a dead letter {letter_id}.")


def _known_here() -> list[UUID]:
    try:
        with psycopg.connect(read_state(here()).dsn) as connection:
            known = [org_id for (org_id,) in connection.execute(KNOWN).fetchall()]
    except psycopg.OperationalError as away:
        raise WorkbenchError("The local database cannot be reached. Name the organisations with --org.") from away
    return known if NIL_ORGANISATION in known else [NIL_ORGANISATION, *known]


def _held_by(token: str) -> list[UUID]:
    """Return the organisations of a token. Only the API verifies the token; here it selects what to ask for."""
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        held = [UUID(org_id) for org_id in claims.get("org_ids", [])]
    except (jwt.InvalidTokenError, ValueError) as fault:
        raise WorkbenchError("The token cannot be read. Name the organisations with --org.") from fault
    return [NIL_ORGANISATION, *held] if "admin:super" in str(claims.get("scope", "")).split() else held


def name_of(org_id: UUID | str) -> str:
    """Return an organisation's id, or the name of the nil organisation."""
    return "nil organisation" if str(org_id) == str(NIL_ORGANISATION) else str(org_id)
