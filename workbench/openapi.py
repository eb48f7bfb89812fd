"""Writes the API's description, and the table of routes in the docs, from the declarations of routes: `make openapi`.

The openapi function serves the description.
"""

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import rollcall
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from rollcall.contracts.problem import GatewayProblem, Problem
from rollcall.edge.http.messages import PROBLEM_TYPE
from rollcall.edge.http.route import JSON_TYPE, Answer, Content, Headers, Parameter, Route
from rollcall.edge.http.router import Router
from rollcall.edge.routes import health, reports
from rollcall.errors import BacklogExceeded

from functions.admin import app as admin
from functions.analytics import app as analytics
from functions.console import app as console
from functions.openapi import app as openapi
from functions.progress import app as progress
from functions.tickets import app as tickets

ROUTERS: tuple[Router, ...] = (
    *(progress.router, analytics.router, admin.router, health.router, reports.router, tickets.router),
    *(console.router, openapi.router),
)
REF = "#/components/schemas/{model}"
TOKEN, WRITE_KEY = {"token": list[str]()}, {"writeKey": list[str]()}
# What a route asks for. An open route asks for nothing.
SECURITY = {"token": [TOKEN], "optional_token": [{}, TOKEN], "write_key": [WRITE_KEY]}
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "writeKey": {"type": "http", "scheme": "basic", "description": "The user name is a write key; no password."},
}
CREDENTIALS = {"token": "a token", "optional_token": "", "write_key": "a write key", "open": ""}
PAGE = Path(__file__).parents[1] / "docs" / "reference" / "api.md"
TABLE_BEGINS, TABLE_ENDS = "<!-- routes: written by `make openapi` -->", "<!-- routes end -->"
PROBLEMS = {
    400: "The request does not match what this route takes: `errors` has the places.",
    401: "No token (answered by API Gateway), or a token that is not valid here.",
    403: "The token lacks the scope, the role or the organisation.",
    413: "Too many bytes.",
    415: "A content encoding other than gzip.",
    429: "Too many requests (answered by API Gateway).",
    500: "An error of Rollcall's.",
    503: "The database or the queue is not available: nothing was done.",
}
TOKEN_PROBLEMS = (401, 429, 500, 503)
BODY_PROBLEMS = (413, 415)
# API Gateway answers some of these by itself, in its own form and without our headers.
ANSWERED_BY_GATEWAY = frozenset({413, 429, 500, 503})
RETRIED = frozenset({429, 500, 503})
RETRY_AFTER: Headers = {"Retry-After": ("Seconds to wait before the client sends the request again.", "integer")}


def declared() -> list[Route]:
    """Return every route of the HTTP API."""
    return [endpoint.route for router in ROUTERS for endpoint in router.routes.values()]


def document() -> str:
    """Return the OpenAPI 3.1 document as JSON."""
    routes = [route for route in declared() if route.is_described]
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        method, path = route.key.split()
        paths.setdefault(path, {})[method.lower()] = _operation(route)
    models: dict[type[BaseModel], None] = dict.fromkeys([Problem, GatewayProblem])
    models.update((model, None) for route in routes for model in models_of(route))
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": "Rollcall",
            "version": rollcall.VERSION,
            "description": "Progress and analytics events of learners: each event counts once, and gets a receipt.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": schemas["$defs"], "securitySchemes": SCHEMES},
    }
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _operation(route: Route) -> dict[str, Any]:
    parameters = [*map(_parameter, route.parameters), *_query(route)]
    body = _body(route)
    return {
        "operationId": route.operation_id,
        "summary": route.summary,
        **({"description": " ".join(_sentences(route))} if route.description else {}),
        **({"security": SECURITY[route.access]} if route.access in SECURITY else {}),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": body} if body else {}),
        "responses": {
            str(status): found for status, found in sorted((_answers(route) | _problems(route)).items())
        },
    }  # fmt: skip


def _sentences(route: Route) -> Iterator[str]:
    yield route.description
    if route.scope:
        yield f"Needs {'the token of a service' if route.role else 'a token'} with the scope {route.scope}."
    if route.nil_scope:
        yield f"The nil organisation, which has the rows of no known organisation, needs {route.nil_scope}."


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "schema": parameter.schema,
        "description": parameter.description,
    }


def _query(route: Route) -> Iterator[dict[str, Any]]:
    if route.query is None:
        return
    schema = route.query.model_json_schema()
    for name, member in schema["properties"].items():
        yield {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": _present(member),
            "description": member["description"],
        }


def _present(member: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a query's value: a query has no null, so an optional value is one that is not there."""
    kept = {name: value for name, value in member.items() if name not in {"title", "description", "anyOf"}}
    if kept.get("default", ...) is None:
        del kept["default"]
    (schema,) = [each for each in member.get("anyOf", [{}]) if each != {"type": "null"}]
    return {**schema, **kept}


def _body(route: Route) -> dict[str, Any] | None:
    if route.body:
        return {"required": True, "content": {JSON_TYPE: {"schema": _schema(route.body)}}}
    if body := route.own_body:
        return {"required": body.required, "content": {body.media_type: {"schema": _schema(body.content)}}}
    return None


def _answers(route: Route) -> dict[int, dict[str, Any]]:
    return {status: _answer(answer, route.headers) for status, answer in route.answers.items()}


def _answer(answer: Answer, headers: Headers) -> dict[str, Any]:
    contents = {} if answer.content is None else {JSON_TYPE: _schema(answer.content)}
    return _response(answer.description, contents | dict(answer.media_types), {**headers, **answer.headers})


def _problems(route: Route) -> dict[int, dict[str, Any]]:
    statuses = [*(TOKEN_PROBLEMS if route.access == "token" else ()), *([403] if route.scope else [])]
    statuses += [400] if route.query or route.body else []
    statuses += BODY_PROBLEMS if route.body or (route.scope and route.own_body) else []
    texts = {status: PROBLEMS[status] for status in statuses} | dict(route.problems)
    if route.waits_for_backlog:
        texts[503] += f" Or too many spooled batches wait to be stored ({BacklogExceeded.code})."
    return {status: _problem(status, text, route) for status, text in texts.items()}


def _problem(status: int, text: str, route: Route) -> dict[str, Any]:
    needs_token = status == HTTPStatus.UNAUTHORIZED and route.access == "token"
    by_gateway = needs_token or status in ANSWERED_BY_GATEWAY
    contents = {PROBLEM_TYPE: _schema(Problem)} | ({JSON_TYPE: _schema(GatewayProblem)} if by_gateway else {})
    # The handler adds its headers when it begins, and API Gateway or the path may refuse the request before.
    headers = {} if needs_token or status == HTTPStatus.NOT_FOUND else route.headers
    return _response(text, contents, {**headers, **(RETRY_AFTER if status in RETRIED else {})})


def _response(description: str, contents: Mapping[str, Any], headers: Headers) -> dict[str, Any]:
    described = {name: {"description": text, "schema": {"type": kind}} for name, (text, kind) in headers.items()}
    return {
        "description": description,
        **({"headers": described} if described else {}),
        **({"content": {kind: {"schema": schema} for kind, schema in contents.items()}} if contents else {}),
    }


def _schema(content: Content) -> Mapping[str, Any]:
    if isinstance(content, tuple):
        return {"anyOf": [_schema(model) for model in content]}
    return {"$ref": REF.format(model=content.__name__)} if isinstance(content, type) else content


def models_of(route: Route) -> Iterator[type[BaseModel]]:
    """Yield the models of a route's body and answers."""
    answered = [content for answer in route.answers.values() for content in (answer.content, answer.mentions)]
    for content in (route.body, route.own_body and route.own_body.content, *answered):
        if isinstance(content, tuple):
            yield from content
        elif isinstance(content, type):
            yield content


def page() -> str:
    """Return the docs' page about the API, with the table of routes as the routes are declared."""
    rows = [
        f"| {route.key} | {_credential(route)} | {route.summary} |"
        for route in sorted(declared(), key=lambda route: route.key.split()[::-1])
        if route.is_described
    ]
    table = "\n".join(["| route | needs | what it does |", "|---|---|---|", *rows])
    before, _, rest = PAGE.read_text().partition(TABLE_BEGINS)
    _, _, after = rest.partition(TABLE_ENDS)
    return f"{before}{TABLE_BEGINS}\n{table}\n{TABLE_ENDS}{after}"


def _credential(route: Route) -> str:
    if route.scope:
        return f"{route.scope}, role {route.role}" if route.role else route.scope
    return CREDENTIALS[route.access]


if __name__ == "__main__":
    openapi.FILE.write_text(document())
    PAGE.write_text(page())
