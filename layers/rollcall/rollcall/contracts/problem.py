"""Problem details: the one form of every error answer (RFC 9457)."""

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent
from rollcall.contracts.ingest.receipt import EventReceipt


class ProblemFault(BaseModel):
    """One thing wrong with the request."""

    model_config = ConfigDict(frozen=True)

    pointer: str = Field(description="Where in the body: a JSON pointer (RFC 6901).")
    code: str = Field(description="The error code, for programs.")
    detail: str = Field(description="The error in words, for people.")


class Problem(BaseModel):
    """Why a request failed. Never any of its content."""

    model_config = ConfigDict(frozen=True)

    type: str = Field("about:blank", description="RFC 9457: the code has the meaning.")
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.", ge=400, le=599)
    code: str = Field(description="What went wrong, for programs.")
    detail: str = Field(description="What went wrong, for people.")
    message: str = Field(description="The same as `detail`, where public clients look for it.")
    request_id: str = Field(description="Quote it to the people on call.")
    errors: list[ProblemFault] | None = Field(None, exclude_if=is_absent, description="Each fault of the body.")
    results: list[EventReceipt] | None = Field(
        None, exclude_if=is_absent, description="A receipt per event, where a whole batch was refused."
    )


class GatewayProblem(BaseModel):
    """An error that API Gateway answers by itself, before any function runs."""

    model_config = ConfigDict(frozen=True)

    message: str = Field(description="The message of API Gateway.")
