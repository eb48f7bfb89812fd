"""Progress batches on a socket: the same flow as over HTTP, acknowledged by a message."""

from typing import Any

from rollcall import errors
from rollcall.contracts.sockets.messages import BatchOrder, ProblemMessage, Rate, ReceiptMessage
from rollcall.domain.ingest.batch import array_of_events
from rollcall.domain.ingest.rate import RateState
from rollcall.edge.http import ingest_answers
from rollcall.edge.http.parse import model_of
from rollcall.edge.runtime import clock, observe
from rollcall.edge.triggers.socket import SocketEvent, problem_of
from rollcall.flows.ingest.progress import Ingest, Ingestion
from rollcall.flows.ingest.receipts import charging


def answer_batch(event: SocketEvent, flow: Ingest, bytes_max: int) -> ReceiptMessage | ProblemMessage:
    """Take a message's batch, and acknowledge it by the batch's id.

    Raises InvalidBody, InvalidRequest, TooLarge, TooManyEvents, RateLimited, StoreUnavailable, QueueUnavailable.
    """
    with ingest_answers.with_retry_after(flow):
        with charging(lambda: flow.charge(event.caller)):
            order, events = _order_of(event, bytes_max)
        ingestion = ingest_answers.observe_ingestion("ingest", lambda: flow.accept_documents(events, event.caller))
        receipt = ingest_answers.receipt_of(ingestion)
    if not ingest_answers.is_settled(receipt):
        refusal = ingest_answers.refusal_of(receipt, ingestion)
        observe.logger().info("refused", extra={"code": refusal.code})
        return problem_of(refusal, event, results=receipt.results)
    return ReceiptMessage(
        batch_id=order.batch_id,
        counts=receipt.counts,
        results=receipt.results,
        rate=_rate_of(flow, ingestion),
        advice=ingest_answers.advice_of(flow.gauge, flow.events_max, clock.now()),
    )


def _order_of(event: SocketEvent, bytes_max: int) -> tuple[BatchOrder, list[Any]]:
    members = dict(event.document)
    events = array_of_events(members.pop("events", None))
    order = model_of(members, BatchOrder)
    if len(event.body) > bytes_max:
        raise errors.TooLarge(f"A batch has at most {bytes_max} bytes.")
    return order, events


def _rate_of(flow: Ingest, ingestion: Ingestion) -> Rate:
    # A spooled batch is not counted against the rate limit.
    state = ingestion.rate or RateState(flow.limit.burst, 0)
    return Rate(limit=flow.limit.burst, remaining=state.remaining, reset_ms=state.reset_ms)
