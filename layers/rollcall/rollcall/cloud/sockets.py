"""Sends to open sockets, through API Gateway's management API. The SDK is imported at the first use."""

from typing import TYPE_CHECKING

from rollcall.errors import ConnectionGone, SocketsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
POOL_SIZE = 64


class Sockets:
    """Sockets by their connection's id."""

    def __init__(self, management_url: str) -> None:
        self._management_url = management_url
        self._client: ApiGatewayManagementApiClient | None = None

    def _api(self) -> "ApiGatewayManagementApiClient":
        if self._client is None:
            import boto3
            from botocore.config import Config

            self._client = boto3.client(
                "apigatewaymanagementapi",
                endpoint_url=self._management_url,
                config=Config(
                    connect_timeout=CONNECT_TIMEOUT_SECONDS,
                    read_timeout=READ_TIMEOUT_SECONDS,
                    max_pool_connections=POOL_SIZE,
                    retries={"mode": "standard", "total_max_attempts": 2},
                ),
            )
        return self._client

    def post(self, connection_id: str, text: str) -> None:
        """Send a message; raises ConnectionGone, SocketsUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        api = self._api()
        try:
            api.post_to_connection(ConnectionId=connection_id, Data=text.encode())
        except api.exceptions.GoneException as gone:
            raise ConnectionGone from gone
        except (BotoCoreError, ClientError) as fault:
            raise SocketsUnavailable from fault
