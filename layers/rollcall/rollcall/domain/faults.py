"""Faults of a request that pydantic found, without quoting it: a pointer of our own names, and the remedy."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from rollcall.errors import Fault

UNKNOWN_MEMBER = "extra_forbidden"
# Types of errors whose words are not of our contracts.
FOREIGN = frozenset(get_args(ErrorType))
OBJECT_WANTED, ARRAY_WANTED = "Input should be a JSON object", "Input should be a JSON array"
UUID_WANTED = "Input should be a UUID, such as 7c9e6679-7425-40de-944b-e07fc1f90ae7"
# Where pydantic's own words are too vague, or quote the request.
WORDS = {
    "string_pattern_mismatch": (
        "Input should be a text of the form that docs/reference/api.md shows, without control characters"
    ),
    "string_unicode": "Input should be a text without halves of surrogate pairs",
    "string_too_short": "Input should not be empty",
    "uuid_parsing": UUID_WANTED,
    "uuid_type": UUID_WANTED,
    "missing": "This member is needed",
    "model_type": OBJECT_WANTED,
    "model_attributes_type": OBJECT_WANTED,
    "dict_type": OBJECT_WANTED,
    "mapping_type": OBJECT_WANTED,
    "list_type": ARRAY_WANTED,
    "tuple_type": ARRAY_WANTED,
    "json_invalid": "Input should have no halves of surrogate pairs, and at most 200 levels",
}
# A client without UUIDs learns where to get one.
LEARNER_HINT = ". A learner's own text id: see docs/how-to/learner-ids.md"
LEARNERS = frozenset({"user_id", "user_ids"})

# What pydantic calls by the names of Python, in words of JSON.
CODES = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), "object_type"),
    **dict.fromkeys(("list_type", "tuple_type"), "array_type"),
}

Members = Mapping[str, FieldInfo]


def fault_of(pointer: str, error: ErrorDetails, model: type[BaseModel]) -> Fault:
    """Return a fault below a pointer, in the words of a model: neither names nor values of what was sent."""
    is_unknown = error["type"] == UNKNOWN_MEMBER
    place, members = _known_place(error["loc"][:-1] if is_unknown else error["loc"], model)
    parts = [str(part).replace("~", "~0").replace("/", "~1") for part in place]
    detail = _unknown(str(error["loc"][-1]), members) if is_unknown else explain(error)
    if error["type"].startswith("uuid") and LEARNERS.intersection(place):
        detail += LEARNER_HINT
    return Fault("/".join([pointer, *parts]), CODES.get(error["type"], error["type"]), detail)


def explain(error: ErrorDetails) -> str:
    """Return what is wrong, as a sentence that quotes nothing."""
    if words := WORDS.get(error["type"]):
        return words
    if error["type"] not in FOREIGN:
        return error["msg"]
    # In pydantic's words and Python's, what follows ", invalid" or ":" quotes the input.
    return error["msg"].removeprefix("Value error, ").split(", invalid")[0].split(":")[0]


def members_of(model: type[BaseModel]) -> Members:
    """Return a model's members by the names that a request has them under."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def nearest(name: str, known: Members | list[str]) -> str | None:
    """Return the known name that an unknown one is most like, None where it is like none."""
    found = get_close_matches(name.lower()[:64], list(known), n=1)
    return found[0] if found else None


def _unknown(name: str, members: Members) -> str:
    if meant := nearest(name, members):
        return f"There is a member here that is not known. Is {meant} meant?"
    return f"There is a member here that is not known. Known are {', '.join(members)}"


def _known_place(location: tuple[int | str, ...], model: type[BaseModel]) -> tuple[list[int | str], Members]:
    """Return the part of a location that is made of our own names and of positions, and the members known there."""
    place: list[int | str] = []
    members = members_of(model)
    for part in location:
        if isinstance(part, int):
            place.append(part)
        elif part in members:
            place.append(part)
            inner = next(_models_in(members[part].annotation), None)
            members = members_of(inner) if inner else {}
        else:
            break
    return place, members


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Yield the models that a member may hold, alone or in a list. In a mapping names are the sender's."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
