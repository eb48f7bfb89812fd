"""The declaration of a route: who may ask, what the route reads, what it answers. It stands on the handler.

The router enforces a declaration, and workbench/openapi.py writes the API's description from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from rollcall.contracts.caller import Role

OK, CREATED, ACCEPTED, NOT_MODIFIED = 200, 201, 202, 304
READ, WRITE, BREAKGLASS, SUPER = "admin:read", "admin:write", "admin:breakglass", "admin:super"
BODY_BYTES_MAX = 65_536

# token: API Gateway asks for a token. optional_token: a request with a token gets a longer answer. write_key: the
# handler checks a write key. open: the route asks for neither.
Access = Literal["token", "optional_token", "write_key", "open"]
Schema = Mapping[str, Any]
# Several models: the answer is one of them.
Content = type[BaseModel] | tuple[type[BaseModel], ...] | Schema
# The meaning and the JSON type of each header, by name.
Headers = Mapping[str, tuple[str, str]]

TEXT: Schema = {"type": "string"}
OBJECT: Schema = {"type": "object"}
UUID_TEXT: Schema = {"type": "string", "format": "uuid"}
JSON_TYPE = "application/json"

NOT_FOUND = {404: "The token's organisations have no such resource."}
ACTIVE = {409: "Another operation is at work on the same source: `detail` names it."}


@dataclass(frozen=True)
class Answer:
    """An answer that is no problem: its JSON, and its other media types."""

    description: str
    content: Content | None = None
    media_types: Mapping[str, Schema] = field(default_factory=dict)
    headers: Headers = field(default_factory=dict)
    # Models that the content's descriptions mention, and that it has no reference to.
    mentions: tuple[type[BaseModel], ...] = ()


@dataclass(frozen=True)
class Body:
    """A body that the handler reads by itself."""

    content: Content
    media_type: str = JSON_TYPE
    required: bool = True


@dataclass(frozen=True)
class Parameter:
    """A parameter that the handler reads by itself: a part of the path, or a header."""

    name: str
    description: str
    schema: Schema = field(default_factory=lambda: TEXT)
    place: Literal["path", "header"] = "path"
    required: bool = True


def uuid_in_path(name: str, description: str) -> Parameter:
    """Return a part of the path that is a UUID."""
    return Parameter(name, description, UUID_TEXT)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route."""

    # As API Gateway names the route: `POST /path/{parameter}`.
    key: str = field(kw_only=False)
    operation_id: str = ""
    summary: str = ""
    description: str = ""
    access: Access = "token"
    # The router asks for the scope and for the role.
    scope: str | None = None
    role: Role | None = None
    # The scope that the nil organisation asks for, in place of a token that holds the organisation.
    nil_scope: str | None = None
    waits_for_backlog: bool = False
    # The router reads one of these models, and hands it to the handler. Its organisation must be one of the token's.
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    body_bytes_max: int = BODY_BYTES_MAX
    own_body: Body | None = None
    parameters: tuple[Parameter, ...] = ()
    answers: Mapping[int, Answer] = field(default_factory=dict)
    # Problems beyond those that follow from the rest, or another text for one that does.
    problems: Mapping[int, str] = field(default_factory=dict)
    # Headers of every answer and problem.
    headers: Headers = field(default_factory=dict)
    # The description of the API leaves out a second spelling of a path.
    is_described: bool = True
