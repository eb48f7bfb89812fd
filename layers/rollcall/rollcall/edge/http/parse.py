"""Reads the models that routes declare: a JSON body, or a query."""

import json
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rollcall import errors
from rollcall.contracts.identifiers import read_uuid
from rollcall.domain.faults import explain, fault_of, members_of, nearest
from rollcall.domain.ingest.json_body import read_json
from rollcall.edge.http.messages import Request

Model = TypeVar("Model", bound=BaseModel)


def read_model(request: Request, model: type[Model], bytes_max: int) -> Model:
    """Return the model in a JSON body.

    Raises InvalidBody for a body that is no JSON object, InvalidRequest with a pointer to each fault of the model, and
    what Request.body raises.
    """
    document = read_json(request.body(bytes_max))
    if not isinstance(document, dict):
        raise errors.InvalidBody("The body is not a JSON object.")
    return model_of(document, model)


def model_of(document: dict[str, Any], model: type[Model]) -> Model:
    """Return a JSON object as the model; raises InvalidRequest with a pointer to each fault."""
    try:
        # pydantic has other rules for Python objects than for JSON, so the object becomes JSON again.
        return model.model_validate_json(json.dumps(document))
    except ValidationError as invalid:
        found = invalid.errors(include_url=False, include_input=False)
        raise errors.InvalidRequest(
            "The body does not match what this route takes.", faults=[fault_of("", error, model) for error in found]
        ) from None


def read_query(request: Request, model: type[Model]) -> Model:
    """Return the model in a query; raises InvalidRequest, which names each parameter with a fault."""
    try:
        return model.model_validate_strings(request.query)
    except ValidationError as invalid:
        found = invalid.errors(include_url=False, include_input=False)
        faults = dict.fromkeys(_describe(error, model) for error in found)
        raise errors.InvalidRequest(f"Check the parameters of the query: {'; '.join(faults)}.") from None


def _describe(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Return a sentence about a fault of a query. It names the parameters of the route, and quotes no other."""
    known, name = members_of(model), str(error["loc"][0]) if error["loc"] else ""
    if name in known:
        return f"{name} ({explain(error)})"
    meant = nearest(name, known)
    return "this route does not know one of them" + (f": is {meant} meant?" if meant else "")


def read_path_id(request: Request, name: str, unknown: type[errors.NotFound] = errors.OperationUnknown) -> UUID:
    """Return the UUID in a path, in any spelling that bodies take; raises `unknown` for another text."""
    if (found := read_uuid(request.path_parameters[name])) is None:
        raise unknown
    return found
