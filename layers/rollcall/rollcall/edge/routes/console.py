"""The operations console over HTTP: a page, the files that it loads, and the policy that allows no others."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import rollcall
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.runtime import settings
from rollcall.errors import NotFound

PAGE = "console.html"
CONFIGURATION = "config.json"
MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
OK, NOT_MODIFIED = 200, 304


@dataclass(frozen=True)
class Asset:
    """A file of the console, with its media type and entity tag."""

    body: str
    media_type: str
    etag: str

    @classmethod
    def of(cls, name: str, body: str) -> "Asset":
        """Return the asset of a file."""
        digest = hashlib.sha256(body.encode()).hexdigest()
        return cls(body, MEDIA_TYPES[Path(name).suffix], f'"{digest[:32]}"')


def read_assets(folder: Path) -> dict[str, Asset]:
    """Return the files in a folder by their names, and the page's configuration beside them."""
    files = {path.name: Asset.of(path.name, path.read_text()) for path in sorted(folder.iterdir())}
    return files | {CONFIGURATION: Asset.of(CONFIGURATION, json.dumps(_configuration()))}


def answer(assets: Mapping[str, Asset], name: str, request: Request) -> Response:
    """Answer a file, or 304 when the browser has it; raises NotFound."""
    asset = assets.get(name)
    if asset is None:
        raise NotFound
    # The browser asks each time, so that a page never runs with the scripts of an older deployment.
    headers = {"Cache-Control": "no-cache", "ETag": asset.etag, **_protection()}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(NOT_MODIFIED, "", headers)
    return Response(OK, asset.body, {"Content-Type": asset.media_type, **headers})


def _configuration() -> dict[str, object]:
    """Return the settings that the page needs before a person signs in. None of them is secret."""
    current = settings.current()
    sign_in = {
        "authority": current.oidc_authority,
        "client_id": current.oidc_client_id,
        "scope": current.oidc_scope,
        "audience": current.oidc_audience,
    }
    return {
        "environment": current.environment,
        "version": rollcall.VERSION,
        "health_stream_interval_ms": current.health_stream_interval_ms,
        "oidc": sign_in if current.oidc_authority and current.oidc_client_id else None,
    }


def _protection() -> dict[str, str]:
    current = settings.current()
    elsewhere = (current.socket_url, current.oidc_authority, *sorted(current.oidc_origins))
    reached = ["'self'", *(_origin(url) for url in elsewhere if url)]
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": " ".join(reached),
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
        "Referrer-Policy": "no-referrer",
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
