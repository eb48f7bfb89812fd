"""Many clients, each on a socket of the deployed stack: records when each one gets a push."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect

from workbench.commands.tokens import TokenSigner
from workbench.errors import WorkbenchError
from workbench.stack.state import StackState

OPENED_AT_ONCE = 3  # more at once would start more functions than two cores can run
OPEN_SECONDS = 60
HEAR_SECONDS = 60


@dataclass
class SocketClients:
    """Open sockets that subscribed to health, and when each one got which sequence."""

    state: StackState
    token: str
    http: httpx.AsyncClient
    _sockets: list[ClientConnection] = field(default_factory=list)
    _readers: list[asyncio.Task[None]] = field(default_factory=list)
    _heard_at: dict[int, list[float]] = field(default_factory=dict)

    async def grow(self, size: int) -> None:
        """Open sockets until there are so many, and subscribe each."""
        turns = asyncio.Semaphore(OPENED_AT_ONCE)
        await asyncio.gather(*(self._join(turns) for _ in range(size - len(self._sockets))))

    async def hear(self, sequence: int) -> list[float]:
        """Wait until each socket got a sequence, and return the sorted times, by the monotonic clock."""
        heard_at = self._heard_at.setdefault(sequence, [])
        deadline = time.monotonic() + HEAR_SECONDS
        while len(heard_at) < len(self._sockets):
            if time.monotonic() > deadline:
                raise WorkbenchError(f"{len(heard_at)} sockets of {len(self._sockets)} got a change.")
            await asyncio.sleep(0.01)
        return heard_at

    async def leave(self) -> None:
        """Close all sockets."""
        for reader in self._readers:
            reader.cancel()
        turns = asyncio.Semaphore(OPENED_AT_ONCE)
        await asyncio.gather(*(_close(socket, turns) for socket in self._sockets))

    async def _join(self, turns: asyncio.Semaphore) -> None:
        async with turns:
            answer = await self.http.post("/api/socket/tickets", headers={"Authorization": f"Bearer {self.token}"})
            ticket = answer.raise_for_status().json()
            socket = await connect(f"{ticket['url']}?ticket={ticket['ticket']}", open_timeout=OPEN_SECONDS)
            await socket.send(json.dumps({"action": "subscribe", "topics": ["health"]}))
            # The answer may be `health_unknown`. The socket is subscribed nevertheless.
            await asyncio.wait_for(socket.recv(), OPEN_SECONDS)
        self._sockets.append(socket)
        self._readers.append(asyncio.create_task(self._read(socket)))

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            now = time.monotonic()
            message = json.loads(text)
            if message["type"] == "health.delta":
                self._heard_at.setdefault(message["sequence"], []).append(now)


async def _close(socket: ClientConnection, turns: asyncio.Semaphore) -> None:
    async with turns:
        await socket.close()


@asynccontextmanager
async def socket_clients_of(state: StackState) -> AsyncIterator[SocketClients]:
    """Yield clients without open sockets, and close all sockets at the end."""
    token = TokenSigner(state).sign(str(uuid4()), [uuid4()], role="service", scopes=["admin:read"])
    async with httpx.AsyncClient(base_url=state.http_url, timeout=OPEN_SECONDS) as http:
        gathered = SocketClients(state, token, http)
        try:
            yield gathered
        finally:
            await gathered.leave()
