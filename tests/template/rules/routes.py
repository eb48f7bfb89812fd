"""Rules for routes, authorizers and stages."""

import re
from collections.abc import Iterator

from tests.template.document import Template, as_list, leaves, target
from workbench import openapi

# Routes without an authorizer: their functions check a write key, or anyone may call them.
OPEN_ROUTES = {route.key for route in openapi.declared() if route.access in {"open", "write_key"}}
# The answer is longer with a token: API Gateway asks the authorizer with or without one.
HALF_OPEN_ROUTES = {route.key for route in openapi.declared() if route.access == "optional_token"}
LOGGED = {
    "requestId", "routeKey", "status", "responseLatency", "integrationLatency", "integrationStatus",
    "error.responseType",
}  # fmt: skip


def routes_are_authorised(template: Template) -> Iterator[str]:
    """A route has an authorizer, unless it is one of the few open ones. A socket shows its ticket when it connects."""
    sockets = template.socket_apis
    for name, route in template.of("AWS::ApiGatewayV2::Route").items():
        authorizer = target(route.get("AuthorizerId")) if route.get("AuthorizationType") == "CUSTOM" else None
        if target(route["ApiId"]) in sockets:
            if (route["RouteKey"] == "$connect") != (authorizer == "SocketAuthorizer"):
                yield f"{name} accepts sockets without a ticket, or asks for a ticket twice."
        elif authorizer != _guard_of(route["RouteKey"]):
            yield f"{name} has {authorizer or 'no authorizer'}."


def _guard_of(route_key: str) -> str | None:
    if route_key in HALF_OPEN_ROUTES:
        return "OpenAuthorizer"
    return None if route_key in OPEN_ROUTES else "Authorizer"


def authorizers_without_identity_cache_nothing(template: Template) -> Iterator[str]:
    """An authorizer without an identity source must not cache: one caller's answer would serve all."""
    for name, authorizer in template.of("AWS::ApiGatewayV2::Authorizer").items():
        is_cached = authorizer.get("AuthorizerResultTtlInSeconds", 300) != 0
        if target(authorizer["ApiId"]) not in template.socket_apis and is_cached == (not authorizer["IdentitySource"]):
            yield f"{name} {'caches without an identity source' if is_cached else 'does not cache'}."


def stages_wait_for_route_responses(template: Template) -> Iterator[str]:
    """A stage of sockets deploys the routes that exist, so it must depend on their route responses."""
    stages = template.of("AWS::ApiGatewayV2::Stage")
    for name, answer in template.of("AWS::ApiGatewayV2::RouteResponse").items():
        for stage in (key for key, found in stages.items() if target(found["ApiId"]) == target(answer["ApiId"])):
            if name not in leaves(template.body["Resources"][stage].get("Metadata", {})):
                yield f"{stage} does not wait for {name}."


def stages_are_throttled(template: Template) -> Iterator[str]:
    """A stage has a limit, and each open HTTP route its own: a flood of one route does not slow the others."""
    routes = template.of("AWS::ApiGatewayV2::Route")
    for name, stage in template.of("AWS::ApiGatewayV2::Stage").items():
        if "ThrottlingRateLimit" not in stage.get("DefaultRouteSettings", {}):
            yield f"{name} has no limit."
        if target(stage["ApiId"]) in template.socket_apis:
            continue
        own = {key: route for key, route in routes.items() if target(route["ApiId"]) == target(stage["ApiId"])}
        opened = {
            route["RouteKey"]: key
            for key, route in own.items()
            if route["AuthorizationType"] == "NONE" or route["RouteKey"] in HALF_OPEN_ROUTES
        }
        limited = {key for key, limits in stage.get("RouteSettings", {}).items() if "ThrottlingRateLimit" in limits}
        yield from (f"{name} does not limit {key}." for key in opened.keys() - limited)
        waited_for = as_list(template.body["Resources"][name].get("DependsOn", []))
        yield from (f"{name} does not wait for {route}." for route in set(opened.values()) - set(waited_for))


def access_log_identifies_no_caller(template: Template) -> Iterator[str]:
    """The access log records route, status and times, and nothing that identifies the caller."""
    for name, stage in template.of("AWS::ApiGatewayV2::Stage").items():
        settings = stage.get("AccessLogSettings")
        if settings is None:
            if target(stage["ApiId"]) not in template.socket_apis:
                yield f"{name} has no access log."
            continue
        for variable in set(re.findall(r"\$context\.([\w.]+)", settings["Format"])) - LOGGED:
            yield f"{name} logs {variable}."


RULES = (
    routes_are_authorised,
    authorizers_without_identity_cache_nothing,
    stages_wait_for_route_responses,
    stages_are_throttled,
    access_log_identifies_no_caller,
)
