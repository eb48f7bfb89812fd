"""The public capture shape of PostHog's clients, as described and answered. domain.ingest.posthog reads it leniently.

Source: PostHog, "Capture API", and what its published clients send.
"""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from rollcall.contracts.fields import is_absent
from rollcall.contracts.ingest.receipt import BatchReceipt, EventReceipt

# API Gateway hands over text/plain, as which posthog-js sends gzip, as text: gzip does not survive that. A form does.
UNDAMAGED = ("base64",)


class PostHogEvent(BaseModel):
    """One event. Members that are not known are ignored; one that cannot be read counts as absent."""

    model_config = ConfigDict(extra="allow", frozen=True)

    event: str = Field(description="What happened.")
    uuid: Any = Field(None, description="Made by the client's library, once for each event: what makes it count once.")
    distinct_id: Any = Field(
        None, description="The person's id. Only its pseudonym is stored. It may also be a property."
    )
    timestamp: Any = Field(None, description="When it happened, by the client's clock.")
    properties: Any = Field(None, description="What else: kept where the policy declares it safe for this event.")


class PostHogBatch(BaseModel):
    """Events under a write key. Each is judged on its own. One event, or an array of them, is taken as well."""

    model_config = ConfigDict(extra="allow", frozen=True)

    batch: list[Any] = Field(
        min_length=1, description="The events.", json_schema_extra={"items": PostHogEvent.model_json_schema()}
    )
    api_key: Any = Field(None, description="The write key. Or as token; or of an event; or in the query.")
    sent_at: Any = Field(None, description="The sending time, by the client's clock: it shows how wrong that clock is.")


class PostHogAnswer(BaseModel):
    """All that could be taken was taken."""

    model_config = ConfigDict(frozen=True)

    status: Literal["Ok", 1] = Field(description="Ok of a batch, 1 of the other routes: for clients that look at it.")
    accepted: int = Field(description="How many events are in the queue.")
    rejected: int = Field(description="How many were not accepted, or dropped on purpose: `results` has the reasons.")
    results: list[EventReceipt] = Field(description="A receipt for each event that is not in the queue.")

    @classmethod
    def of(cls, receipt: BatchReceipt, *, is_batch: bool) -> "PostHogAnswer":
        """Return the answer to a batch that was settled."""
        rejected = [result for result in receipt.results if result.status == "rejected"]
        return cls(
            status="Ok" if is_batch else 1,
            accepted=len(receipt.results) - len(rejected),
            rejected=len(rejected),
            results=rejected,
        )


class PostHogResult(BaseModel):
    """What became of one event, for clients of the newer protocol."""

    model_config = ConfigDict(frozen=True)

    result: Literal["ok", "drop"] = Field(description="ok: the event is in the queue. drop: the event never will be.")
    details: str | None = Field(None, exclude_if=is_absent, description="Why it was dropped.")


class PostHogResults(BaseModel):
    """What became of each event of a batch, by its uuid."""

    model_config = ConfigDict(frozen=True)

    results: dict[UUID, PostHogResult]

    @classmethod
    def of(cls, receipt: BatchReceipt) -> "PostHogResults":
        """Return the answer to a batch."""
        return cls(
            results={
                one.event_id: PostHogResult(result="drop" if one.status == "rejected" else "ok", details=one.reason)
                for one in receipt.results
                if one.event_id is not None
            }
        )


class PostHogFlags(BaseModel):
    """Feature flags: there are none here. The same in all forms that clients ask for."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    flags: dict[str, Any] = Field(default_factory=dict, description="None.")
    feature_flags: dict[str, Any] = Field(default_factory=dict, alias="featureFlags", description="None.")
    feature_flag_payloads: dict[str, Any] = Field(default_factory=dict, alias="featureFlagPayloads")
    errors_while_computing_flags: Literal[False] = Field(default=False, alias="errorsWhileComputingFlags")
    request_id: str = Field(alias="requestId", description="Quote it to the people on call.")
    supported_compression: tuple[str, ...] = Field(UNDAMAGED, alias="supportedCompression")
    session_recording: Literal[False] = Field(default=False, alias="sessionRecording")
    surveys: Literal[False] = False
    site_apps: tuple[()] = Field((), alias="siteApps")
    toolbar_params: dict[str, Any] = Field(default_factory=dict, alias="toolbarParams")
    is_authenticated: Literal[False] = Field(default=False, alias="isAuthenticated")


class PostHogConfig(BaseModel):
    """What posthog-js asks for as it starts: all that would take more of people than their events is off."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    token: str
    supported_compression: tuple[str, ...] = Field(UNDAMAGED, alias="supportedCompression")
    has_feature_flags: Literal[True] = Field(
        default=True,
        alias="hasFeatureFlags",
        description="The library then asks for flags, gets none, and calls the callbacks that wait for them.",
    )
    analytics: dict[str, str] = Field(default_factory=lambda: {"endpoint": "/e/"})
    capture_dead_clicks: Literal[False] = Field(default=False, alias="captureDeadClicks")
    capture_performance: Literal[False] = Field(default=False, alias="capturePerformance")
    autocapture_opt_out: Literal[False] = False
    autocapture_exceptions: Literal[False] = Field(default=False, alias="autocaptureExceptions")
    elements_chain_as_string: Literal[True] = Field(default=True, alias="elementsChainAsString")
    heatmaps: Literal[False] = False
    session_recording: Literal[False] = Field(default=False, alias="sessionRecording")
    surveys: Literal[False] = False
    conversations: Literal[False] = False
    product_tours: Literal[False] = Field(default=False, alias="productTours")
    default_identified_only: Literal[True] = Field(default=True, alias="defaultIdentifiedOnly")
    site_apps: tuple[()] = Field((), alias="siteApps")
    toolbar_params: dict[str, Any] = Field(default_factory=dict, alias="toolbarParams")
    is_authenticated: Literal[False] = Field(default=False, alias="isAuthenticated")
