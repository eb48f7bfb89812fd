"""Request: ask for an operation, read its progress, cancel it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from rollcall.contracts.operations import Operation, OperationKind, OperationMessage, OperationRequest
from rollcall.errors import OperationActive, OperationUnknown, QueueUnavailable


class OperationStore(Protocol):
    """The store of operations; raises StoreUnavailable."""

    def request(self, request: OperationRequest, operation_id: UUID) -> tuple[Operation, bool]:
        """Store an operation and return it with True, or return the operation that is active already, with False."""

    def read(self, kind: OperationKind, operation_id: UUID, org_ids: Iterable[UUID]) -> Operation | None:
        """Return an operation of these organisations."""

    def cancel(self, kind: OperationKind, operation_id: UUID, org_ids: Iterable[UUID]) -> Operation | None:
        """Ask that an operation be cancelled."""

    def list_recent(self, kind: OperationKind, org_id: UUID, limit: int) -> list[Operation]:
        """Return the latest operations of an organisation, newest first."""


@dataclass(frozen=True)
class RequestOperation:
    """The flow, with the IO it was given. `send` takes a message durably, or raises QueueUnavailable."""

    store: OperationStore
    send: Callable[[str], object]
    new_id: Callable[[], UUID]

    def request(self, request: OperationRequest) -> Operation:
        """Store an operation and queue it. Raises OperationActive, StoreUnavailable, QueueUnavailable."""
        operation, is_new = self._write(request)
        if not is_new:
            raise OperationActive(f"Operation {operation.operation_id} is {operation.state} on the same source.")
        return operation

    def request_once(self, request: OperationRequest) -> Operation:
        """Store an operation and queue it, or return the active operation if it is the same work.

        Raises OperationActive, StoreUnavailable, QueueUnavailable.
        """
        operation, is_new = self._write(request)
        if not is_new and _work_of(operation) != _work_of(request):
            raise OperationActive(f"Operation {operation.operation_id} is {operation.state} on the same source.")
        return operation

    def _write(self, request: OperationRequest) -> tuple[Operation, bool]:
        operation, is_new = self.store.request(request, self.new_id())
        try:
            # An earlier request may have been killed before it sent the message. A second message does no harm.
            if is_new or operation.state == "queued":
                self._queue(operation)
        except QueueUnavailable:
            if is_new:
                self.store.cancel(operation.kind, operation.operation_id, [operation.org_id])
            raise
        return operation, is_new

    def _queue(self, operation: Operation) -> None:
        message = OperationMessage(org_id=operation.org_id, operation_id=operation.operation_id)
        self.send(message.model_dump_json())

    def read(self, kind: OperationKind, operation_id: UUID, org_ids: Iterable[UUID]) -> Operation:
        """Return an operation of these organisations; raises OperationUnknown, StoreUnavailable."""
        return _known(self.store.read(kind, operation_id, org_ids))

    def cancel(self, kind: OperationKind, operation_id: UUID, org_ids: Iterable[UUID]) -> Operation:
        """Cancel an operation: at once, or after the current chunk. Raises OperationUnknown, StoreUnavailable."""
        return _known(self.store.cancel(kind, operation_id, org_ids))

    def list_recent(self, kind: OperationKind, org_id: UUID, limit: int) -> list[Operation]:
        """Return an organisation's latest operations, newest first; raises StoreUnavailable."""
        return self.store.list_recent(kind, org_id, limit)


def _known(operation: Operation | None) -> Operation:
    if operation is None:
        raise OperationUnknown
    return operation


def _work_of(request: OperationRequest) -> tuple[object, ...]:
    return request.kind, request.is_dry_run, request.parameters
