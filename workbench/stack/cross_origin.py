"""Enables CORS on the local API.

The emulator's CloudFormation stores the template's CORS settings under names that its gateway does not read.
"""

from pathlib import Path
from typing import Any

import boto3
from samcli.yamlhelper import yaml_parse

from workbench.stack.emulator import CREDENTIALS, REGION


def allow_origins(template: Path, endpoint_url: str, api_id: str, origins: str) -> None:
    """Set the template's CORS settings for these origins, separated by commas. Without origins do nothing."""
    if not origins:
        return
    gateway: Any = boto3.client(
        "apigatewayv2",
        endpoint_url=endpoint_url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    gateway.update_api(ApiId=api_id, CorsConfiguration={**described(template), "AllowOrigins": origins.split(",")})


def described(template: Path) -> dict[str, Any]:
    """Return the template's CORS settings for allowed origins."""
    api = yaml_parse(template.read_text())["Resources"]["Api"]["Properties"]
    allowing: dict[str, Any] = api["CorsConfiguration"]["Fn::If"][1]
    return allowing
