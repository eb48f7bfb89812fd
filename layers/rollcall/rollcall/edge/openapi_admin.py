"""Administrators' routes in the API's description."""

from typing import Any

from pydantic import BaseModel

from rollcall.contracts.problem import GatewayProblem, Problem
from rollcall.contracts.replay import LIST_DEFAULT, LIST_MAX, ReplayList, ReplayRequest, ReplayView
from rollcall.edge.http.router import PROBLEM_TYPE

MODELS: tuple[type[BaseModel], ...] = (ReplayRequest, ReplayView, ReplayList)

PROBLEMS = {
    400: "The request is not what this route takes: `errors` says where.",
    401: "No token (answered by API Gateway), or one that is not valid here.",
    403: "The token lacks the scope, the role or the organisation.",
    404: "There is no such thing in the token's organisations.",
    409: "One is at work on the same source already: `detail` names it.",
    413: "Too many bytes.",
    415: "A content encoding other than gzip.",
    429: "Too many requests (answered by API Gateway).",
    500: "An error of ours.",
    503: "The database or the queue cannot be reached: nothing was done.",
}
ALWAYS = (401, 403, 429, 500, 503)
# What API Gateway answers by itself, in its own form.
GATEWAY = frozenset({401, 413, 429, 500, 503})

Parameters = list[dict[str, Any]]


def paths() -> dict[str, dict[str, Any]]:
    """Return the paths of administrators."""
    replay_id = parameter("replay_id", "path", {"type": "string", "format": "uuid"}, "The replay.")
    org_id = parameter("org_id", "query", {"type": "string", "format": "uuid"}, "The organisation.")
    limit = parameter(
        "limit",
        "query",
        {"type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT},
        "How many at most.",
    )
    return {
        "/api/admin/offline/replay": {
            "post": operation(
                "postReplay",
                "Replay a window",
                "Apply again what was accepted: rebuild projections from stored events, or apply archived messages. "
                "For services with admin:write. The work goes on in the background; doing it twice changes nothing.",
                ("202", "It will be worked on.", ReplayView),
                (400, 409, 413, 415),
                body=ReplayRequest,
            ),
            "get": operation(
                "listReplays",
                "The latest replays of an organisation",
                "Newest first. For services with admin:read.",
                ("200", "The replays.", ReplayList),
                (400,),
                parameters=[org_id, limit],
            ),
        },
        "/api/admin/offline/replay/{replay_id}": {
            "get": operation(
                "getReplay",
                "How far a replay is",
                "State, progress and counts. For services with admin:read.",
                ("200", "The replay.", ReplayView),
                (404,),
                parameters=[replay_id],
            ),
        },
        "/api/admin/offline/replay/{replay_id}/cancel": {
            "post": operation(
                "cancelReplay",
                "Cancel a replay",
                "At once, or after the part that is under way; what was done stays. One that is finished stays as it "
                "is. For services with admin:write.",
                ("200", "The replay as it is now.", ReplayView),
                (404,),
                parameters=[replay_id],
            ),
        },
    }


def operation(
    operation_id: str,
    summary: str,
    description: str,
    success: tuple[str, str, type[BaseModel]],
    problems: tuple[int, ...],
    *,
    parameters: Parameters | None = None,
    body: type[BaseModel] | None = None,
) -> dict[str, Any]:
    """Return the description of one route: its success as (status, text, model), and the problems it may answer."""
    status, text, model = success
    described: dict[str, Any] = {
        "operationId": operation_id,
        "summary": summary,
        "description": description,
        "security": [{"token": []}],
        "responses": {
            status: {"description": text, "content": {"application/json": {"schema": _ref(model)}}},
            **{str(number): _problem(number) for number in sorted({*ALWAYS, *problems})},
        },
    }
    if parameters:
        described["parameters"] = parameters
    if body:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(body)}}}
    return described


def parameter(name: str, place: str, schema: dict[str, Any], description: str) -> dict[str, Any]:
    """Describe a parameter; one with a default may be left out."""
    return {
        "name": name,
        "in": place,
        "required": "default" not in schema,
        "schema": schema,
        "description": description,
    }


def _problem(status: int) -> dict[str, Any]:
    content = {PROBLEM_TYPE: {"schema": _ref(Problem)}}
    if status in GATEWAY:
        content["application/json"] = {"schema": _ref(GatewayProblem)}
    return {"description": PROBLEMS[status], "content": content}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
