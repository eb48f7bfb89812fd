"""Progress batches on a socket: the flow of HTTP, acknowledged in a message."""

from typing import Any

from rollcall import errors
from rollcall.contracts.socket_messages import BatchOrder, ProblemMessage, Rate, ReceiptMessage
from rollcall.domain.batch import array_of_events
from rollcall.domain.rate import RateState
from rollcall.edge import ingest_http, observe, wiring
from rollcall.edge.models import model_of
from rollcall.edge.socket_events import SocketEvent, problem_of
from rollcall.flows.ingest import Ingest, Ingestion
from rollcall.flows.receipts import charging


def answer_batch(event: SocketEvent, flow: Ingest, bytes_max: int) -> ReceiptMessage | ProblemMessage:
    """Take the batch of a message, and acknowledge it by its id.

    Raises InvalidBody, InvalidRequest, TooLarge, TooManyEvents, RateLimited, StoreUnavailable, QueueUnavailable.
    """
    with ingest_http.patience(flow):
        with charging(lambda: flow.charge(event.caller)):
            order, events = _order_of(event, bytes_max)
        ingestion = ingest_http.observe_ingestion("ingest", lambda: flow.accept_documents(events, event.caller))
        receipt = ingest_http.receipt_of(ingestion)
    if not ingest_http.is_settled(receipt):
        refusal = ingest_http.refusal_of(receipt, ingestion)
        observe.logger().info("refused", extra={"code": refusal.code})
        return problem_of(refusal, event, results=receipt.results)
    return ReceiptMessage(
        batch_id=order.batch_id,
        counts=receipt.counts,
        results=receipt.results,
        rate=_rate_of(flow, ingestion),
        advice=ingest_http.advice_of(flow.gauge, flow.events_max, wiring.now()),
    )


def _order_of(event: SocketEvent, bytes_max: int) -> tuple[BatchOrder, list[Any]]:
    members = dict(event.document)
    events = array_of_events(members.pop("events", None))
    order = model_of(members, BatchOrder)
    if len(event.body) > bytes_max:
        raise errors.TooLarge(f"A batch has at most {bytes_max} bytes.")
    return order, events


def _rate_of(flow: Ingest, ingestion: Ingestion) -> Rate:
    # What was spooled never asked the limiter, and took nothing from it.
    state = ingestion.rate or RateState(flow.limit.burst, 0)
    return Rate(limit=flow.limit.burst, remaining=state.remaining, reset_ms=state.reset_ms)
