"""/api/admin/scrub: preview a policy on a sample, read and set an organisation's policy, scrub stored events again."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field

from rollcall import errors
from rollcall.contracts.operations import Operation, OperationRequest, OperationView
from rollcall.contracts.reports import OrganisationQuery
from rollcall.contracts.scrub.requests import (
    PolicyRequest,
    PolicyView,
    PresetList,
    PresetView,
    Preview,
    PreviewRemark,
    PreviewRequest,
    RescrubRequest,
    RescrubView,
)
from rollcall.domain import scopes
from rollcall.domain.scrub.difference import find_changes
from rollcall.domain.scrub.policy import policy_with
from rollcall.domain.scrub.presets.shipped import PRESETS
from rollcall.domain.scrub.strictness import needs_super, stored_form
from rollcall.domain.scrub.unmatched import find_unmatched
from rollcall.edge.http import authorization
from rollcall.edge.http.messages import Request, Response
from rollcall.edge.http.route import ACCEPTED, ACTIVE, OK, READ, SUPER, WRITE, Answer, Route
from rollcall.edge.http.router import Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.scrub.events import Scrubbing, scrub_sample

SAMPLE_BYTES_MAX = 262_144
POLICY_BYTES_MAX = 8_192  # the limit of Systems Manager's advanced parameters

router = Router()


class RescrubQuery(OrganisationQuery):
    """Page of a list of re-scrubs."""

    limit: int = Field(20, ge=1, le=100, description="The most operations to list.")


@router.route(
    Route(
        "POST /api/admin/scrub/preview",
        operation_id="postScrubPreview",
        summary="Preview the policy on a sample",
        description="Stores nothing. With `policy`, the preview tries additions before they are set.",
        scope=READ,
        body=PreviewRequest,
        body_bytes_max=SAMPLE_BYTES_MAX,
        answers={OK: Answer("The members that scrubbing would keep.", Preview)},
    )
)
def post_preview(_request: Request, sample: PreviewRequest) -> Response:
    """Answer the effect of the policy on a sample. The sample is neither stored nor logged."""
    policy = policy_with(sample.policy) if sample.policy else None
    scrubbing = wiring_scrub.scrubbing_of(sample.org_id, policy)
    return Response.of(OK, _preview(sample, scrubbing))


def _preview(sample: PreviewRequest, scrubbing: Scrubbing) -> Preview:
    rejected: str | None = None
    kept: dict[str, Any] = {}
    remarks: list[PreviewRemark] = []
    if scrubbing.policy.refuses(sample.name):
        rejected = errors.EventRefused.code
    else:
        try:
            kept, noted = scrub_sample(sample, scrubbing)
            remarks = [PreviewRemark(path=one.path, rule=one.rule, action=one.action) for one in noted]
        except errors.ScrubFailed as failed:
            rejected = failed.code
    before = sample.model_dump(exclude={"org_id", "policy"}, exclude_none=True)
    return Preview(
        policy_version=scrubbing.policy_version,
        rejected=rejected,
        kept=kept,
        changes=list(find_changes(before, kept)),
        remarks=remarks,
    )


@router.route(
    Route(
        "GET /api/admin/scrub/policy",
        operation_id="getScrubPolicy",
        summary="Read an organisation's policy",
        description="The organisation's additions, and the version of its policy.",
        scope=READ,
        query=OrganisationQuery,
        answers={OK: Answer("The policy.", PolicyView)},
    )
)
def get_policy(_request: Request, query: OrganisationQuery) -> Response:
    """Answer an organisation's policy."""
    return Response.of(OK, _view(query.org_id))


@router.route(
    Route(
        "PUT /api/admin/scrub/policy",
        operation_id="putScrubPolicy",
        summary="Set an organisation's additions to the policy",
        description="The additions replace the organisation's additions within a minute. Stricter additions need "
        "admin:write. Laxer additions need admin:super, and so do additions without a restriction that admin:super "
        "made.",
        scope=WRITE,
        body=PolicyRequest,
        body_bytes_max=SAMPLE_BYTES_MAX,
        answers={OK: Answer("The policy as it is now.", PolicyView)},
    )
)
def put_policy(request: Request, asked: PolicyRequest) -> Response:
    """Set an organisation's additions. Laxer additions need admin:super.

    Additions without a restriction that admin:super made count as laxer.
    """
    is_super = scopes.holds(request.caller.scopes, SUPER)
    # A caller with admin:super can also replace a stored policy that cannot be read.
    stored = None if is_super else wiring_scrub.policies().stored(asked.org_id)
    if not is_super and needs_super(asked.additions, stored):
        authorization.check(request.caller, SUPER)
    policy = policy_with(asked.additions)
    text = stored_form(asked.additions, stored, by_super=is_super).model_dump_json(exclude_defaults=True)
    if len(text.encode()) > POLICY_BYTES_MAX:
        raise errors.PolicyInvalid(f"An organisation's additions have at most {POLICY_BYTES_MAX} bytes.")
    wiring_scrub.write_policy(asked.org_id, text)
    observe.logger().info("policy set", extra={"policy_version": policy.version, "by_super": is_super})
    return Response.of(OK, _view(asked.org_id))


def _view(org_id: UUID) -> PolicyView:
    additions, policy = wiring_scrub.policies().read(org_id)
    unmatched = find_unmatched(additions) if additions else []
    return PolicyView(org_id=org_id, name=policy.name, version=policy.version, additions=additions, unmatched=unmatched)


@router.route(
    Route(
        "GET /api/admin/scrub/presets",
        operation_id="listScrubPresets",
        summary="List the presets that a policy can turn on",
        description="Sets of events of known systems, with the members that are safe to keep.",
        scope=READ,
        answers={OK: Answer("The presets.", PresetList)},
    )
)
def list_presets(_request: Request) -> Response:
    """Answer every preset, with the members that it keeps."""
    presets = [
        PresetView(name=name, summary=preset.summary, events=preset.events, everywhere=preset.everywhere)
        for name, preset in PRESETS.items()
    ]
    return Response.of(OK, PresetList(presets=presets))


@router.route(
    Route(
        "POST /api/admin/scrub/runs",
        operation_id="postScrubRuns",
        summary="Scrub stored events again",
        description="Applies the current policy, with one operation for each day. Running it twice changes nothing.",
        scope=WRITE,
        waits_for_backlog=True,
        body=RescrubRequest,
        answers={ACCEPTED: Answer("The operations are queued.", RescrubView)},
        problems=ACTIVE,
    )
)
def post_runs(request: Request, asked: RescrubRequest) -> Response:
    """Scrub stored events again under the current policy, with one operation for each day."""
    days = [asked.first_day + timedelta(days=n) for n in range((asked.last_day - asked.first_day).days + 1)]
    operations = list(_request_runs(asked, days, access.requester(request.caller, asked.org_id)))
    observe.logger().info("re-scrub requested", extra={"days": len(operations)})
    return Response.of(ACCEPTED, RescrubView(operations=[OperationView.of(operation) for operation in operations]))


def _request_runs(asked: RescrubRequest, days: list[date], requested_by: str) -> Iterator[Operation]:
    """Yield an operation for each day, but for days that have an active one. Raises OperationActive when all have."""
    active: errors.OperationActive | None = None
    requested = 0
    for day in days:
        request = OperationRequest(
            org_id=asked.org_id,
            kind="scrub",
            source=day.isoformat(),
            is_dry_run=asked.dry_run,
            rate_per_second=asked.rate,
            requested_by=requested_by,
            reason=asked.reason and access.kept_reason(asked.reason),
        )
        try:
            yield wiring_operations.request_operation().request(request)
            requested += 1
        except errors.OperationActive as already:
            active = already
    if active and not requested:
        raise active


@router.route(
    Route(
        "GET /api/admin/scrub/runs",
        operation_id="listScrubRuns",
        summary="List the latest re-scrubs of an organisation",
        description="Newest first.",
        scope=READ,
        query=RescrubQuery,
        answers={OK: Answer("The operations.", RescrubView)},
    )
)
def list_runs(_request: Request, query: RescrubQuery) -> Response:
    """Answer the latest re-scrubs of an organisation."""
    operations = wiring_operations.request_operation().list_recent("scrub", query.org_id, query.limit)
    return Response.of(OK, RescrubView(operations=[OperationView.of(operation) for operation in operations]))
