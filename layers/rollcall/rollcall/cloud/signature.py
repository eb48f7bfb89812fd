"""AWS Signature Version 4 of one small request.

Why not the SDK: importing it takes longer than all the rest of a cold start together (DECISIONS.md), and a progress
batch needs one signed request in the life of its execution environment. Tests hold it equal to botocore's signer.
Source: AWS General Reference, "Create a signed AWS API request".
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class AwsCredentials:
    """What the runtime hands to a function."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None


def sign_post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    region: str,
    credentials: AwsCredentials,
    now: datetime,
) -> dict[str, str]:
    """Return the headers to send with a POST: those given, and the ones that sign them."""
    return sign("POST", url, headers, body, service, region, credentials, now)


def sign(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    service: str,
    region: str,
    credentials: AwsCredentials,
    now: datetime,
) -> dict[str, str]:
    """Return the headers to send: those given, and the ones that sign them. The URL is as sent, without a query."""
    address = urlsplit(url)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    sent = {name.lower(): value for name, value in headers.items()}
    sent |= {"host": address.netloc, "x-amz-date": stamp}
    if credentials.session_token:
        sent["x-amz-security-token"] = credentials.session_token
    names = ";".join(sorted(sent))
    canonical = "\n".join(
        [
            method,
            quote(address.path or "/", safe="/~"),  # encoded once more than it is sent, as all services but S3 want it
            "",
            *(f"{name}:{sent[name].strip()}" for name in sorted(sent)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    sent["authorization"] = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return sent
