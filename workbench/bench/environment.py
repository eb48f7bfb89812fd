"""An execution environment: the real handler in its own process, as in Lambda's runtime."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.bench.loops import Call

OK = 200
ALL_ACCEPTED = '"duplicate":0,"conflict":0,"rejected":0,"spooled":0,"retry":0'


@dataclass(frozen=True)
class LambdaContext:
    """The members of Lambda's context that functions read."""

    aws_request_id: str = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class ProgressFunction:
    """The progress function. Like Lambda's runtime, it decodes the event and encodes the answer."""

    variables: Mapping[str, str]

    def open(self, _seat: int) -> Call:
        """Import the handler with its environment variables set."""
        prepare_process(self.variables)
        from functions.progress.app import handler  # imported after the environment is set, as in a cold start

        context = LambdaContext()

        def call(payload: bytes) -> None:
            answer = handler(json.loads(payload), context)
            json.dumps(answer)
            check(answer)

        return call


def prepare_process(variables: Mapping[str, str]) -> None:
    """Set the variables, and discard the output, line by line as for Lambda's log collector."""
    os.environ.update(variables)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.stdout.reconfigure(write_through=True)  # type: ignore[union-attr]


def check(answer: Mapping[str, Any]) -> None:
    """Raise unless a whole batch was accepted: refused events must not count in a figure."""
    if answer["statusCode"] != OK or ALL_ACCEPTED not in answer["body"][:200]:
        raise RuntimeError(f"The function answered {answer['statusCode']}: {answer['body'][:400]}")
