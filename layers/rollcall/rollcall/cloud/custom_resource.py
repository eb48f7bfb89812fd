"""Answers CloudFormation for a custom resource: a PUT to the address that the request named."""

import http.client
import json
from typing import Any, Literal
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 10


def answer(event: dict[str, Any], status: Literal["SUCCESS", "FAILED"], reason: str) -> None:
    """Report the end of a request to CloudFormation. The physical id never changes: the schema outlives the stack."""
    body = json.dumps(
        {
            "Status": status,
            "Reason": reason,
            "PhysicalResourceId": event.get("PhysicalResourceId") or "rollcall-schema",
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
        }
    ).encode()
    address = urlsplit(event["ResponseURL"])
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.netloc, timeout=TIMEOUT_SECONDS)
    try:
        target = f"{address.path}?{address.query}" if address.query else address.path
        # An empty content type: the address was signed without one.
        connection.request("PUT", target, body, {"Content-Type": ""})
        connection.getresponse().read()
    finally:
        connection.close()
