"""`rollcall learner-ids`: prints the UUIDs and pseudonyms of an organisation's own learner ids, as CSV."""

import sys
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rollcall.contracts.ingest.learner_id import LEARNERS_MAX
from rollcall.domain.reports.csv_export import write_csv

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.errors import WorkbenchError

PATH = "/api/admin/learner-ids"
COLUMNS = ("learner_id", "user_id", "key_id", "pseudonym")


def learner_ids(
    org: Annotated[UUID, typer.Option(help="The organisation.")],
    ids: Annotated[str, typer.Option(help="A file with a learner id in each line. - is standard input.")],
    only_user_ids: Annotated[
        bool, typer.Option("--only-user-ids", help="Print only UUIDs, as input for `rollcall assign --users -`.")
    ] = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Print each learner's UUID in progress events, and the pseudonyms in analytics events, a line for each key."""
    named = _read(ids)
    client = ApiClient.open(url, token, [org])
    rows: list[tuple[str, str, str, str]] = []
    for start in range(0, len(named), LEARNERS_MAX):
        asked = named[start : start + LEARNERS_MAX]
        found = client.post(PATH, {"org_id": str(org), "learner_ids": asked})["learners"]
        if only_user_ids:
            typer.echo("\n".join(names["user_id"] for names in found))
            continue
        rows += [
            (learner_id, names["user_id"], key_id, pseudonym)
            for learner_id, names in zip(asked, found, strict=True)
            for key_id, pseudonyms in names["pseudonyms"].items()
            for pseudonym in pseudonyms
        ]
    if not only_user_ids:
        typer.echo(write_csv(COLUMNS, rows), nl=False)


def _read(ids: str) -> list[str]:
    try:
        text = sys.stdin.read() if ids == "-" else Path(ids).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as fault:
        raise WorkbenchError(f"{ids} cannot be read: {type(fault).__name__}.") from None
    named = list(dict.fromkeys(line.strip() for line in text.removeprefix("\ufeff").split("\n") if line.strip()))
    if not named:
        raise WorkbenchError("The file names no learner.")
    return named
