"""A function's routes: finds the handler of a request, and enforces what the handler's route declares.

Why not Powertools' resolver: API Gateway has matched the route already, and names it in `routeKey`. Finding a handler
is one look into a dictionary (DECISIONS.md has the cold start that this saves).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from pydantic import BaseModel

from rollcall import errors
from rollcall.edge.http import authorization
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.parse import read_model, read_query
from rollcall.edge.http.route import Route
from rollcall.edge.runtime import observe

NIL = UUID(int=0)

# Takes the request, and the model where the route declares one.
Handler = Callable[..., Response]
Taken = TypeVar("Taken", bound=Handler)


@dataclass(frozen=True)
class Endpoint:
    """A route and its handler."""

    route: Route
    handler: Handler


def _no_gate() -> None:
    raise LookupError("A route waits for the backlog, and its function has no backlog gate.")


class Router:
    """A function's routes, by the keys that API Gateway gives them."""

    def __init__(self, check_backlog: Callable[[], None] = _no_gate) -> None:
        self.routes: dict[str, Endpoint] = {}
        self._check_backlog = check_backlog

    def route(self, *routes: Route) -> Callable[[Taken], Taken]:
        """Register a handler under the routes that stand on it."""

        def register(handler: Taken) -> Taken:
            self.routes.update({route.key: Endpoint(route, handler) for route in routes})
            return handler

        return register

    def include(self, others: Iterable["Router"]) -> None:
        """Take in the routes of other routers."""
        for other in others:
            self.routes |= other.routes

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer a request. An error becomes a problem; the log names its cause, and quotes nothing of the body."""
        request = Request(event)
        endpoint = self.routes.get(request.route) or self.routes.get("$default")
        try:
            response = self._respond(request, endpoint) if endpoint else refuse(request, errors.NotFound())
        except errors.RollcallError as error:
            observe.logger().info("refused", extra={"code": error.code})
            response = refuse(request, error)
        except Exception as fault:  # noqa: BLE001 - the last resort. The fault's text may quote a body: log its type alone
            observe.logger().error("unexpected", extra={"fault": type(fault).__name__, "at": observe.place_of(fault)})
            response = refuse(request, errors.RollcallError())
        return response.as_event(request.answer_headers)

    def _respond(self, request: Request, endpoint: Endpoint) -> Response:
        route = endpoint.route
        if request.path_parameters and (methods := self._methods_of_own_path(request)):
            return refuse(request, errors.MethodNotAllowed(), {"Allow": ", ".join(methods)})
        if route.scope:
            authorization.check(request.caller, route.scope, role=route.role)
        if route.waits_for_backlog:
            self._check_backlog()
        model = _read(request, route)
        if model is None:
            return endpoint.handler(request)
        _check_organisation(request, route, getattr(model, "org_id", None))
        return endpoint.handler(request, model)

    def _methods_of_own_path(self, request: Request) -> list[str]:
        """Return the methods of a path that has routes of its own, none of them for this request's method.

        API Gateway takes `GET /things/archive` for `GET /things/{id}` where only POST has the route `/things/archive`.
        """
        method, _, path = request.route.partition(" ")
        for name, value in request.path_parameters.items():
            path = path.replace(f"{{{name}}}", value)
        found = sorted(key.partition(" ")[0] for key in self.routes if key.partition(" ")[2] == path)
        return [] if method in found else found


def refuse(request: Request, error: errors.RollcallError, headers: dict[str, str] | None = None) -> Response:
    """Return a problem as the answer to a request."""
    return Response.refusal(error, request.request_id, headers)


def _read(request: Request, route: Route) -> BaseModel | None:
    if route.query:
        return read_query(request, route.query)
    return read_model(request, route.body, route.body_bytes_max) if route.body else None


def _check_organisation(request: Request, route: Route, org_id: UUID | None) -> None:
    if route.scope is None:
        return
    if org_id == NIL and route.nil_scope:
        authorization.check(request.caller, route.nil_scope)
    else:
        authorization.check(request.caller, route.scope, org_id=org_id)
