"""`rollcall flags`: show and set the flags that functions read while they run."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import ValidationError
from rollcall.contracts.ingest.flags import Flags

from workbench.checkout import here
from workbench.errors import WorkbenchError
from workbench.stack.deployment import STACK_NAME
from workbench.stack.emulator import CREDENTIALS
from workbench.stack.state import StackState, read_state

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

app = typer.Typer(no_args_is_help=True, help="Kill switches and sampling. Changes take effect within 15 seconds.")
setting, unsetting = (typer.Typer(no_args_is_help=True) for _ in range(2))
app.add_typer(setting, name="set", help="Set a flag.")
app.add_typer(unsetting, name="unset", help="Remove a flag: the deployment's setting applies again.")

StackName = Annotated[
    str | None, typer.Option(help="A stack on AWS, reached with your AWS credentials. Default: the local stack.")
]
Document = dict[str, Any]


class FlagStore:
    """The flags of one stack, in the parameter that its functions read."""

    def __init__(self, client: "SSMClient", stack_name: str) -> None:
        self._client = client
        self._name = f"/rollcall/{stack_name}/flags"

    @classmethod
    def of_stack(cls, state: StackState) -> "FlagStore":
        """Return the flags of a local stack."""
        client = boto3.client(
            "ssm",
            endpoint_url=state.aws_endpoint_url,
            region_name=state.aws_region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )
        return cls(client, STACK_NAME)

    def read(self) -> Flags:
        """Return the flags, empty if none is set; raises WorkbenchError when they are invalid."""
        try:
            text = self._client.get_parameter(Name=self._name)["Parameter"].get("Value", "{}")
        except self._client.exceptions.ParameterNotFound:
            return Flags()
        return _checked(text)

    def change(self, change: Callable[[Document], object]) -> Flags:
        """Change the flags, and return them; raises WorkbenchError for an invalid change."""
        document = self.read().model_dump(mode="json", exclude_none=True)
        change(document)
        flags = _checked(document)
        text = flags.model_dump_json(exclude_none=True)
        self._client.put_parameter(Name=self._name, Value=text, Type="String", Overwrite=True)
        return flags


def _checked(document: str | Document) -> Flags:
    try:
        if isinstance(document, str):
            return Flags.model_validate_json(document)
        return Flags.model_validate(document)
    except ValidationError as invalid:
        faults = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in invalid.errors())
        raise WorkbenchError(f"The flags are invalid: {faults}") from None


def _store(stack_name: str | None) -> FlagStore:
    if stack_name is None:
        return FlagStore.of_stack(read_state(here()))
    return FlagStore(boto3.client("ssm"), stack_name)


def _print(ask: Callable[[FlagStore], Flags], stack_name: str | None) -> None:
    try:
        flags = ask(_store(stack_name))
    except (BotoCoreError, ClientError) as fault:
        raise WorkbenchError(str(fault)) from fault
    typer.echo(flags.model_dump_json(exclude_none=True, indent=2))


def _change(stack_name: str | None, change: Callable[[Document], object]) -> None:
    _print(lambda store: store.change(change), stack_name)


@app.command()
def show(stack_name: StackName = None) -> None:
    """Print the flags."""
    _print(FlagStore.read, stack_name)


@setting.command(name="emit")
def set_emit(value: str, stack_name: StackName = None) -> None:
    """Store analytics events (on), or accept, scrub, count and drop them (off)."""
    _change(stack_name, lambda document: document.update(emit=value))


@setting.command(name="sampling")
def set_sampling(event_name: str, fraction: float, stack_name: StackName = None) -> None:
    """Store only a part of the events with a name: 0.1 is every tenth."""
    _change(stack_name, lambda document: document["sampling"].update({event_name: fraction}))


@unsetting.command(name="emit")
def unset_emit(stack_name: StackName = None) -> None:
    """Store analytics events if the deployment's setting says so."""
    _change(stack_name, lambda document: document.pop("emit", None))


@unsetting.command(name="sampling")
def unset_sampling(event_name: str, stack_name: StackName = None) -> None:
    """Store all events with a name."""
    _change(stack_name, lambda document: document["sampling"].pop(event_name, None))


@unsetting.command(name="organisation")
def unset_organisation(org: UUID, stack_name: StackName = None) -> None:
    """Remove all flags of an organisation."""
    _change(stack_name, lambda document: document["organisations"].pop(str(org), None))


@app.command()
def organisation(org: UUID, flag: str, value: str, stack_name: StackName = None) -> None:
    """Set a flag for one organisation: `organisation ORG emit off`."""
    _change(stack_name, lambda document: document["organisations"].setdefault(str(org), {}).update({flag: value}))
