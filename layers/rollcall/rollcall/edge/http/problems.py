"""Errors become HTTP here, in one table."""

import math
from collections.abc import Sequence
from http import HTTPStatus

from rollcall import errors
from rollcall.contracts.ingest.receipt import EventReceipt
from rollcall.contracts.problem import Problem, ProblemFault

FAULTS_MAX = 100

STATUS: dict[type[errors.RollcallError], HTTPStatus] = {
    errors.InvalidRequest: HTTPStatus.BAD_REQUEST,
    errors.UnsupportedEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.RollcallError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
RETRY_AFTER_SECONDS = 5


def status_of(error: errors.RollcallError) -> HTTPStatus:
    """Return the HTTP status of an error: that of the nearest kind in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def describe(error: errors.RollcallError, request_id: str, results: Sequence[EventReceipt] | None = None) -> Problem:
    """Return the problem details of an error. `results` are the receipts of a batch refused as a whole."""
    status = status_of(error)
    faults = [
        ProblemFault(pointer=fault.pointer, code=fault.code, detail=fault.detail) for fault in error.faults[:FAULTS_MAX]
    ]
    return Problem(
        title=status.phrase,
        status=status,
        code=error.code,
        detail=error.detail,
        message=error.detail,
        request_id=request_id,
        errors=faults or None,
        results=list(results) if results is not None else None,
    )


def headers_of(error: errors.RollcallError) -> dict[str, str]:
    """Return the headers that an error asks for."""
    status = status_of(error)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return {"Retry-After": str(max(1, math.ceil(error.retry_after_seconds or RETRY_AFTER_SECONDS)))}
    match error:
        case errors.InvalidWriteKey():
            return {"WWW-Authenticate": 'Basic realm="write key", charset="UTF-8"'}
        case errors.Unauthorized():
            return {"WWW-Authenticate": f'Bearer error="{error.code}"'}
        case _:
            return {}
