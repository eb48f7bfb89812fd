"""`rollcall privacy`: erase or export one learner, save the certificate, download the export."""

import json
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import httpx
import typer
from rich.console import Console

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.commands.follow_operation import View, finish, follow
from workbench.errors import WorkbenchError

PATH = "/api/admin/privacy"

console = Console(stderr=True, highlight=False)
output = Console(highlight=False)
privacy = typer.Typer(name="privacy", no_args_is_help=True, help="Erase or export one learner.")

OrgOption = Annotated[UUID, typer.Option(help="The organisation.")]
UserOption = Annotated[UUID | None, typer.Option(help="The learner's UUID. Or give --learner-id.")]
LearnerOption = Annotated[str | None, typer.Option(help="The learner's id in your own system. Or give --user.")]
OtherOption = Annotated[
    list[str] | None,
    typer.Option("--other-id", help="Another identifier of the learner in analytics events; repeat for several."),
]
ReasonOption = Annotated[str, typer.Option(help="The reason, for the audit. No names of people.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print only the API's answer, as JSON.")]


@privacy.command("erase")
def erase(
    org: OrgOption,
    reason: ReasonOption,
    user: UserOption = None,
    learner_id: LearnerOption = None,
    other: OtherOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what would be erased, and change nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    certificate: Annotated[Path | None, typer.Option(help="Write the certificate into this file.")] = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Erase a learner for good, and show the certificate. First shows what would be erased, and asks."""
    client = ApiClient.open(url, token, [org])
    body = _body(org, user, learner_id, other, reason)
    if dry_run or not yes:
        counted = _run(client, "erase", body | {"dry_run": True})
        if dry_run:
            return finish(output, counted, as_json=as_json)
        finish(console, counted, as_json=False)
        typer.confirm("Erase this learner? This cannot be undone", abort=True, err=True)
    view = _run(client, "erase", body)
    finish(output, view, as_json=as_json)
    found = view.get("certificate") or {}
    if certificate:
        certificate.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if not as_json:
        _show(found, is_genuine=view.get("is_genuine"))
    if not found.get("is_clean"):
        raise typer.Exit(1)
    return None


@privacy.command("export")
def export(
    org: OrgOption,
    reason: ReasonOption,
    user: UserOption = None,
    learner_id: LearnerOption = None,
    target: Annotated[
        Path | None, typer.Option("--output", help="Download the export into this file (JSON lines, gzip).")
    ] = None,
    other: OtherOption = None,
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Export everything that Rollcall keeps of a learner, and download it."""
    view = _run(ApiClient.open(url, token, [org]), "export", _body(org, user, learner_id, other, reason))
    finish(output, view, as_json=as_json)
    if target and view.get("download_url"):
        _fetch(view["download_url"], target)
        console.print(f"written: {target} ({target.stat().st_size:,} bytes)", soft_wrap=True)


@privacy.command("show")
def show(
    operation_id: Annotated[UUID, typer.Argument(help="The operation's id.")],
    org: OrgOption,
    kind: Annotated[str, typer.Option(help="erase or export.")] = "erase",
    as_json: JsonOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Show the progress of an erasure or export, and the certificate of a finished erasure."""
    view = ApiClient.open(url, token, [org]).get(f"{PATH}/{_kind(kind)}/{operation_id}")
    finish(output, view, as_json=as_json)
    if not as_json and view.get("certificate"):
        _show(view["certificate"], is_genuine=view.get("is_genuine"))


@privacy.command("verify-certificate")
def verify_certificate(
    file: Annotated[Path, typer.Argument(help="A certificate, as `erase --certificate` wrote it.")],
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Check that the deployment signed a certificate and still has the same one. Exits with 1 if not."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        org_id, operation_id = UUID(given["org_id"]), UUID(given["operation_id"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise WorkbenchError(f"{file} is not a certificate.") from None
    view = ApiClient.open(url, token, [org_id]).get(f"{PATH}/erase/{operation_id}")
    is_right = view.get("certificate") == given and view.get("is_genuine") is True
    output.print("genuine" if is_right else "not genuine: the deployment did not sign this text")
    raise typer.Exit(0 if is_right else 1)


def _body(org: UUID, user: UUID | None, learner_id: str | None, other: list[str] | None, reason: str) -> dict[str, Any]:
    if (user is None) == (learner_id is None):
        raise WorkbenchError("Name the learner either by --user or by --learner-id.")
    learner = {"user_id": str(user)} if user else {"learner_id": learner_id}
    return {"org_id": str(org), **learner, "other_ids": other or [], "reason": reason}


def _kind(kind: str) -> str:
    if kind not in {"erase", "export"}:
        raise WorkbenchError(f"{kind} is neither erase nor export.")
    return kind


def _run(client: ApiClient, kind: str, body: dict[str, Any]) -> View:
    view = client.post(f"{PATH}/{kind}", body)
    return follow(console, view, lambda: client.get(f"{PATH}/{kind}/{view['operation_id']}"))


def _fetch(url: str, target: Path) -> None:
    try:
        with httpx.stream("GET", url, timeout=60) as answer, target.open("wb") as file:
            answer.raise_for_status()
            for piece in answer.iter_bytes():
                file.write(piece)
    except httpx.HTTPError as fault:
        raise WorkbenchError(f"The export could not be fetched: {type(fault).__name__}.") from fault


def _show(certificate: dict[str, Any], *, is_genuine: bool | None) -> None:
    output.print(f"certificate of {certificate['issued_at'][:19]}, key {certificate['key_id']}", soft_wrap=True)
    output.print(f"  signature: {'genuine' if is_genuine else 'NOT GENUINE'}")
    residue = ", ".join(f"{place} {number}" for place, number in certificate["residue"].items()) or "none"
    output.print(f"  residue: {residue}")
    for rest in certificate["remains"]:
        until = f" Until {rest['until'][:10]}." if "until" in rest else " It stays."
        output.print(f"  {rest['where']}: {rest['why']}{until}", soft_wrap=True)
