"""Reads and writes parameters of AWS Systems Manager, without the SDK."""

from collections.abc import Callable

from rollcall.cloud.json_service import JsonService, ServiceUnreachable
from rollcall.cloud.signature import AwsCredentials
from rollcall.errors import ParameterUnavailable

NOT_FOUND = "ParameterNotFound"


class Parameters:
    """Parameters by name."""

    def __init__(self, region: str, endpoint_url: str | None, credentials: Callable[[], AwsCredentials]) -> None:
        self._service = JsonService("ssm", "AmazonSSM", region, endpoint_url, credentials)

    def read(self, name: str) -> str | None:
        """Return a parameter's text, None where there is none; raises ParameterUnavailable."""
        try:
            answer = self._service.call("GetParameter", {"Name": name})
        except ServiceUnreachable as fault:
            raise ParameterUnavailable from fault
        if answer.is_ok:
            return str(answer.members["Parameter"]["Value"])
        if answer.error == NOT_FOUND:
            return None
        raise ParameterUnavailable(f"Systems Manager answered {answer.status} {answer.error}.")

    def write(self, name: str, text: str) -> None:
        """Set a parameter, whether or not there is one; raises ParameterUnavailable."""
        # Standard parameters hold 4 KB, advanced ones 8: the tier that the text needs, and no other, is paid for.
        members = {"Name": name, "Value": text, "Type": "String", "Overwrite": True, "Tier": "Intelligent-Tiering"}
        try:
            answer = self._service.call("PutParameter", members)
        except ServiceUnreachable as fault:
            raise ParameterUnavailable from fault
        if not answer.is_ok:
            raise ParameterUnavailable(f"Systems Manager answered {answer.status} {answer.error}.")
