"""Reads the models of administrators' requests: a JSON body, or a query."""

import json
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rollcall import errors
from rollcall.contracts.identifiers import read_uuid
from rollcall.domain.faults import explain, fault_of, members_of, nearest
from rollcall.domain.ingest.batch import read_json
from rollcall.edge.http.router import Request

BODY_BYTES_MAX = 65_536

Model = TypeVar("Model", bound=BaseModel)


def read_model(request: Request, model: type[Model], bytes_max: int = BODY_BYTES_MAX) -> Model:
    """Return the model in a JSON body.

    Raises InvalidBody when it is no JSON object, InvalidRequest with a pointer to each fault when it is not this model,
    and what Request.body raises.
    """
    document = read_json(request.body(bytes_max))
    if not isinstance(document, dict):
        raise errors.InvalidBody("The body is not a JSON object.")
    return model_of(document, model)


def model_of(document: dict[str, Any], model: type[Model]) -> Model:
    """Return the model that a JSON object is; raises InvalidRequest with a pointer to each fault."""
    try:
        # Through JSON again: the rules for JSON input differ from those for Python objects.
        return model.model_validate_json(json.dumps(document))
    except ValidationError as invalid:
        found = invalid.errors(include_url=False, include_input=False)
        raise errors.InvalidRequest(
            "The body is not what is taken here.", faults=[fault_of("", error, model) for error in found]
        ) from None


def read_query(request: Request, model: type[Model]) -> Model:
    """Return the model in a query; raises InvalidRequest, which names the parameters to look at."""
    try:
        return model.model_validate_strings(request.query)
    except ValidationError as invalid:
        told = dict.fromkeys(_told(error, model) for error in invalid.errors(include_url=False, include_input=False))
        raise errors.InvalidRequest(f"Check the parameters of the query: {'; '.join(told)}.") from None


def _told(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return what is wrong with a query, by the names that this route knows."""
    known, name = members_of(model), str(error["loc"][0]) if error["loc"] else ""
    if name in known:
        return f"{name} ({explain(error)})"
    meant = nearest(name, known)
    return "there is one that this route does not know" + (f", is {meant} meant?" if meant else "")


def read_path_id(request: Request, name: str, unknown: type[errors.NotFound] = errors.OperationUnknown) -> UUID:
    """Return the UUID in a path, in any spelling that bodies have too; raises `unknown` where there is none."""
    if (found := read_uuid(request.path_parameters[name])) is None:
        raise unknown
    return found
