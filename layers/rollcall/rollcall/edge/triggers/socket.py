"""The WebSocket API of API Gateway: reads the caller and message of an event, answers with messages and problems."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rollcall import errors
from rollcall.contracts.caller import Caller
from rollcall.contracts.sockets.messages import BATCH_ID_PATTERN, MESSAGE_BYTES_MAX, Message, ProblemMessage
from rollcall.domain.ingest.json_body import read_json
from rollcall.edge.http import identity, problems
from rollcall.edge.runtime import clock, observe

OK = 200
BATCH_ID = re.compile(BATCH_ID_PATTERN)

Json = dict[str, Any]


@dataclass(frozen=True)
class SocketEvent:
    """A connection, message or disconnection on a socket, as API Gateway passes it."""

    event: Json

    @property
    def kind(self) -> str:
        """CONNECT, MESSAGE or DISCONNECT. API Gateway sets it: a client's `action` cannot."""
        return str(self.event["requestContext"]["eventType"])

    @property
    def connection_id(self) -> str:
        """The socket's id."""
        return str(self.event["requestContext"]["connectionId"])

    @property
    def request_id(self) -> str:
        """API Gateway's id of this event."""
        return str(self.event["requestContext"].get("requestId", ""))

    @cached_property
    def caller(self) -> Caller:
        """The caller whose ticket opened the socket; raises Unauthorized, ExpiredToken."""
        return identity.caller_of(self.event["requestContext"].get("authorizer") or {}, clock.now())

    @property
    def expires_at(self) -> int | None:
        """When the socket's token expires, or expired, in seconds since the epoch; None if the event names no time."""
        stated = (self.event["requestContext"].get("authorizer") or {}).get("expires_at")
        return None if stated is None else int(stated)

    @cached_property
    def body(self) -> bytes:
        """The message's bytes; raises InvalidBody."""
        raw = str(self.event.get("body") or "").encode("utf-8", "surrogatepass")
        if not self.event.get("isBase64Encoded"):
            return raw
        try:
            return base64.b64decode(raw, validate=True)
        except binascii.Error as fault:
            raise errors.InvalidBody("The message is not base64.") from fault

    @cached_property
    def document(self) -> Json:
        """The message's JSON object, of any length; raises InvalidBody."""
        document = read_json(self.body)
        if not isinstance(document, dict):
            raise errors.InvalidBody("The message is not a JSON object.")
        return document

    @property
    def batch_id(self) -> str | None:
        """The batch id that the message names, if it is a text of allowed length."""
        try:
            named = self.document.get("batch_id")
        except errors.RollcallError:
            return None
        return named if isinstance(named, str) and BATCH_ID.fullmatch(named) else None


def problem_of(error: errors.RollcallError, event: SocketEvent, **extra: Any) -> ProblemMessage:
    """Return an error as a socket message: the fields that HTTP has in headers stand in the message."""
    problem = problems.describe(error, event.request_id, **extra)
    retry_after = problems.headers_of(error).get("Retry-After")
    return ProblemMessage(
        code=problem.code,
        detail=problem.detail,
        request_id=problem.request_id,
        batch_id=event.batch_id,
        retry_after_seconds=int(retry_after) if retry_after else None,
        errors=problem.errors,
        results=problem.results,
    )


Action = Callable[[SocketEvent], Message]


class Actions:
    """The actions that clients may ask for."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}

    def action(self, name: str) -> Callable[[Action], Action]:
        """Register the function that answers messages with this `action`."""

        def register(answer: Action) -> Action:
            self._actions[name] = answer
            return answer

        return register

    def answer(self, event: SocketEvent) -> Json:
        """Answer a message. An error becomes a problem, and the socket stays open."""
        try:
            message: Message = self._act(event)
        except errors.RollcallError as error:
            observe.logger().info("refused", extra={"code": error.code})
            message = problem_of(error, event)
        except Exception as fault:  # noqa: BLE001 - the last resort: log the type only, the text may quote a message
            observe.logger().error("unexpected", extra={"fault": type(fault).__name__, "at": observe.place_of(fault)})
            message = problem_of(errors.RollcallError(), event)
        # 200 for problems too: API Gateway sends the body to the client whatever the status, and the body has the code.
        return {"statusCode": OK, "body": message.text()}

    def _act(self, event: SocketEvent) -> Message:
        _ = event.caller  # a socket whose token has expired gets no other answer
        if len(event.body) > MESSAGE_BYTES_MAX:
            raise errors.TooLarge(f"A message has at most {MESSAGE_BYTES_MAX} bytes: send smaller batches.")
        name = event.document.get("action")
        answer = self._actions.get(name) if isinstance(name, str) else None
        if answer is None:
            raise errors.ActionUnknown
        message = answer(event)
        observe.logger().info("answered", extra={"action": name})
        return message


def guard(act: Callable[[], None]) -> Json:
    """Answer API Gateway after a connection or disconnection: 200, or the status of the error."""
    try:
        act()
    except errors.RollcallError as error:
        observe.logger().info("refused", extra={"code": error.code})
        return {"statusCode": int(problems.status_of(error))}
    except Exception as fault:  # noqa: BLE001 - as above
        observe.logger().error("unexpected", extra={"fault": type(fault).__name__, "at": observe.place_of(fault)})
        return {"statusCode": int(problems.status_of(errors.RollcallError()))}
    return {"statusCode": OK}
