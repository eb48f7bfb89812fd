"""`rollcall policy`: show or try an organisation's scrubbing policy, switch presets, set its catalogue."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from workbench.api_client import ApiClient, TokenOption, UrlOption
from workbench.errors import WorkbenchError

BASE = "/api/admin/scrub"
SUPER = ("admin:super",)  # for the local stack; a deployed stack needs a token of its own

policy = typer.Typer(
    name="policy",
    no_args_is_help=True,
    help="An organisation's scrubbing policy: which analytics events and properties are kept.",
)

Organisation = Annotated[UUID, typer.Option("--org", help="The organisation.")]
FileArgument = Annotated[str, typer.Argument(help="A JSON file. - is standard input.")]


@policy.command()
def show(org: Organisation, url: UrlOption = None, token: TokenOption = None) -> None:
    """Print the policy's version and the organisation's additions, as JSON."""
    _print(_client(org, url, token).get(f"{BASE}/policy", org_id=str(org)))


@policy.command(name="set")
def set_policy(org: Organisation, file: FileArgument, url: UrlOption = None, token: TokenOption = None) -> None:
    """Replace the organisation's additions by those in a JSON file."""
    body = {"org_id": str(org), "additions": _json_in(file)}
    _print(_client(org, url, token).put(f"{BASE}/policy", body))


@policy.command()
def presets(org: Organisation, url: UrlOption = None, token: TokenOption = None) -> None:
    """List Rollcall's presets. + marks those that the organisation has turned on."""
    client = _client(org, url, token)
    chosen = _additions(client, org).get("presets", [])
    for preset in client.get(f"{BASE}/presets")["presets"]:
        mark = "+" if preset["name"] in chosen else " "
        typer.echo(f"{mark} {preset['name']:12} {len(preset['events']):4} events  {preset['summary']}")


@policy.command()
def turn_on(
    preset: Annotated[str, typer.Argument(help="Its name, as `presets` lists it.")],
    org: Organisation,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Turn a preset on for the organisation. Safe to run twice."""
    _choose(_client(org, url, token), org, preset, is_on=True)


@policy.command()
def turn_off(
    preset: Annotated[str, typer.Argument(help="Its name, as `presets` lists it.")],
    org: Organisation,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Turn a preset off for the organisation. Safe to run twice."""
    _choose(_client(org, url, token), org, preset, is_on=False)


@policy.command()
def preview(
    org: Organisation,
    file: FileArgument,
    preset: Annotated[
        list[str] | None, typer.Option(help="Try the policy with this preset on; repeat for several.")
    ] = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Print what the policy would keep of an event in a JSON file. Stores nothing."""
    sample = {**_json_in(file), "org_id": str(org)}
    if preset:
        sample["policy"] = {"presets": preset}
    _print(_client(org, url, token).post(f"{BASE}/preview", sample))


@policy.command()
def catalogue(
    org: Organisation,
    file: Annotated[
        str | None,
        typer.Argument(help="A file with an id in each line, to replace the catalogue. - is standard input."),
    ] = None,
    reason: Annotated[str | None, typer.Option(help="The reason, for the audit. No names of people.")] = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Print the catalogue: ids that are kept although a value rule finds them personal. With a file, replace it."""
    client = _client(org, url, token)
    if file is not None:
        ids = list(dict.fromkeys(line.strip() for line in _text_in(file).splitlines() if line.strip()))
        body: dict[str, Any] = {"org_id": str(org), "ids": ids}
        client.put(f"{BASE}/catalogue", body | ({"reason": reason} if reason else {}))
    for each in client.get(f"{BASE}/catalogue", org_id=str(org))["ids"]:
        typer.echo(each)


def _client(org: UUID, url: str | None, token: str | None) -> ApiClient:
    return ApiClient.open(url, token, [org], scopes=SUPER)


def _additions(client: ApiClient, org: UUID) -> dict[str, Any]:
    """Return an organisation's additions without default values."""
    given = client.get(f"{BASE}/policy", org_id=str(org)).get("additions") or {}
    return {name: value for name, value in given.items() if value}


def _choose(client: ApiClient, org: UUID, preset: str, *, is_on: bool) -> None:
    additions = _additions(client, org)
    others = [name for name in additions.get("presets", []) if name != preset]
    additions["presets"] = sorted([*others, preset]) if is_on else others
    _print(client.put(f"{BASE}/policy", {"org_id": str(org), "additions": additions}))


def _text_in(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as fault:
        raise WorkbenchError(f"{file} cannot be read: {type(fault).__name__}.") from None


def _json_in(file: str) -> dict[str, Any]:
    try:
        document = json.loads(_text_in(file))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise WorkbenchError(f"{file} does not contain a JSON object.")
    return document


def _print(document: dict[str, Any]) -> None:
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
