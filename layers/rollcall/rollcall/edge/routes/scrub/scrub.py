"""/api/admin/scrub: preview a policy on a sample, read and set an organisation's policy, scrub what is stored again."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall import errors
from rollcall.contracts.operations import Operation, OperationRequest, OperationView
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
from rollcall.edge.http.parse import read_model, read_query
from rollcall.edge.http.router import Request, Response, Router
from rollcall.edge.routes import access
from rollcall.edge.runtime import observe
from rollcall.edge.wiring import scrub as wiring_scrub
from rollcall.edge.wiring.operations import requests as wiring_operations
from rollcall.flows.scrub.events import Scrubbing, scrub_sample

READ, WRITE, SUPER = "admin:read", "admin:write", "admin:super"
SAMPLE_BYTES_MAX = 262_144
POLICY_BYTES_MAX = 8_192  # of Systems Manager's advanced parameters
OK, ACCEPTED = 200, 202

router = Router()


class OrganisationQuery(BaseModel):
    """Whose it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    org_id: UUID = Field(description="The organisation.")


class RescrubQuery(OrganisationQuery):
    """Whose operations to list."""

    limit: int = Field(20, ge=1, le=100, description="How many at most.")


@router.route("POST /api/admin/scrub/preview")
def post_preview(request: Request) -> Response:
    """Answer what the policy would do to a sample. Nothing is stored, and nothing of it logged."""
    access.administrator(request, READ)
    sample = read_model(request, PreviewRequest, SAMPLE_BYTES_MAX)
    access.administrator(request, READ, org_id=sample.org_id)
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


@router.route("GET /api/admin/scrub/policy")
def get_policy(request: Request) -> Response:
    """Answer an organisation's policy."""
    query = read_query(request, OrganisationQuery)
    access.administrator(request, READ, org_id=query.org_id)
    return Response.of(OK, _view(query.org_id))


@router.route("PUT /api/admin/scrub/policy")
def put_policy(request: Request) -> Response:
    """Set an organisation's additions. Stricter ones are its administrators' to make, laxer ones admin:super's.

    Laxer is also what leaves out a restriction that admin:super made.
    """
    access.administrator(request, WRITE)
    asked = read_model(request, PolicyRequest, SAMPLE_BYTES_MAX)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    is_super = scopes.holds(caller.scopes, SUPER)
    # Who holds admin:super can also replace a policy that cannot be read any more.
    stored = None if is_super else wiring_scrub.policies().stored(asked.org_id)
    if not is_super and needs_super(asked.additions, stored):
        access.administrator(request, SUPER, org_id=asked.org_id)
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


@router.route("GET /api/admin/scrub/presets")
def list_presets(request: Request) -> Response:
    """Answer every preset, with what it keeps."""
    access.administrator(request, READ)
    presets = [
        PresetView(name=name, summary=preset.summary, events=preset.events, everywhere=preset.everywhere)
        for name, preset in PRESETS.items()
    ]
    return Response.of(OK, PresetList(presets=presets))


@router.route("POST /api/admin/scrub/runs")
def post_runs(request: Request) -> Response:
    """Scrub what is stored again, under the policy of today: an operation for each day."""
    access.administrator(request, WRITE)
    asked = read_model(request, RescrubRequest)
    caller = access.administrator(request, WRITE, org_id=asked.org_id)
    days = [asked.first_day + timedelta(days=n) for n in range((asked.last_day - asked.first_day).days + 1)]
    operations = list(_request_runs(asked, days, access.requester(caller, asked.org_id)))
    observe.logger().info("re-scrub requested", extra={"days": len(operations)})
    return Response.of(ACCEPTED, RescrubView(operations=[OperationView.of(operation) for operation in operations]))


def _request_runs(asked: RescrubRequest, days: list[date], requested_by: str) -> Iterator[Operation]:
    """Yield an operation for each day; days that are worked on already are left to that. Raises OperationActive."""
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


@router.route("GET /api/admin/scrub/runs")
def list_runs(request: Request) -> Response:
    """Answer the latest of an organisation."""
    query = read_query(request, RescrubQuery)
    access.administrator(request, READ, org_id=query.org_id)
    operations = wiring_operations.request_operation().list_recent("scrub", query.org_id, query.limit)
    return Response.of(OK, RescrubView(operations=[OperationView.of(operation) for operation in operations]))
