"""What an organisation adds to the default scrubbing policy."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

# Addresses too: http://adlnet.gov/expapi/verbs/completed, /courses/about, edx.video.played, $pageview.
EventName = Annotated[str, Field(min_length=1, max_length=96, pattern=r"^(?:[^\W_]|[$/][\w])[\w .:/#+@%~-]*$")]
KeyName = Annotated[str, Field(min_length=2, max_length=64, pattern=r"^[^\W_][\w .-]*$")]
Path = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\w*][\w .*-]*$")]
RouteWord = Annotated[str, Field(min_length=2, max_length=64, pattern=r"^[^\W_][\w-]*$")]
RuleId = Annotated[str, Field(min_length=2, max_length=64, pattern=r"^@[a-z0-9_:]+$")]
KindName = Literal[
    "number", "boolean", "token", "tokens", "timestamp", "duration", "url_path", "text", "language", "version",
    "time_zone", "currency", "software", "page_name", "pseudonym",
]  # fmt: skip
PresetName = Literal["canvas", "h5p", "moodle", "open_edx", "xapi", "xapi_video"]
ITEMS_MAX = 200


class Restrictions(BaseModel):
    """Additions that only take away."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    drop: Annotated[tuple[Path, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Selectors of properties that are removed, for instance `page_name` or `answers.*.choice_id`."
    )
    pseudonymise: Annotated[tuple[Path, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Selectors of kept properties that are kept as pseudonyms only."
    )
    mask: Annotated[tuple[Path, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Selectors of kept properties whose letters and digits become asterisks."
    )
    personal_keys: Annotated[tuple[KeyName, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Further names of keys whose values are personal wherever they stand."
    )
    refuse_events: Annotated[tuple[EventName, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Names of events that are not taken at all."
    )


class PolicyAdditions(Restrictions):
    """Additions to the default policy. Those marked laxer need admin:super, and so does undoing what it restricted."""

    presets: Annotated[tuple[PresetName, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Laxer: sets of events and properties that ship with Rollcall, by name."
    )
    declare: Annotated[dict[EventName, dict[Path, KindName]], Field(max_length=ITEMS_MAX)] = Field(
        {}, description="Laxer: names of events, and the properties of each that are kept, with their kinds."
    )
    declare_everywhere: Annotated[dict[Path, KindName], Field(max_length=ITEMS_MAX)] = Field(
        {}, description="Laxer: properties that are kept with every event, with their kinds."
    )
    disable_rules: Annotated[tuple[RuleId, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Laxer: ids of rules that are turned off."
    )
    route_words: Annotated[tuple[RouteWord, ...], Field(max_length=ITEMS_MAX)] = Field(
        (), description="Laxer: further segments of URL paths that are kept as they are, for instance `fractions`."
    )


class StoredAdditions(PolicyAdditions):
    """Additions as they are stored: with a note of those restrictions that admin:write may take back."""

    retractable: Restrictions = Field(
        Restrictions(),
        description="What admin:write restricted. All else is of admin:super or an operator.",
    )
