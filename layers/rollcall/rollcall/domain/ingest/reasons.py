"""Reasons: why Rollcall refuses an event, and what its sender can do. docs/reference/api.md shows the same table."""

from typing import NamedTuple

READ_ON = "docs/reference/api.md#reasons"
CONFIGURATION = "docs/reference/configuration.md"
FLAGS = "docs/how-to/operate.md"
LEARNER_IDS = "docs/how-to/learner-ids.md"
PRIVACY = "docs/explanation/privacy.md"


class Reason(NamedTuple):
    """What a code means, in a sentence, and where to read on."""

    sentence: str
    page: str = READ_ON


class Refusal(NamedTuple):
    """Why an event is refused: the code, the member that it lies in, and the limit or the rule. Never a value."""

    reason: str
    member: str
    limit: str = ""


REASONS = {
    "invalid": Reason("The event is not of the form that this route takes."),
    "out_of_window": Reason("It happened too long ago to be kept, or later than a clock can be wrong."),
    "user_forbidden": Reason("Only a service sends events of other people than the token's own subject."),
    "org_forbidden": Reason("The token does not hold this organisation."),
    "org_unresolved": Reason("No assignment of this course to this learner tells the organisation: send org_id."),
    "org_ambiguous": Reason("Several organisations assigned this course to this learner: send org_id."),
    "org_missing": Reason("A learner_id belongs to one organisation, and the token holds several: send org_id."),
    "learner_missing": Reason("An event names its learner: send user_id, or learner_id.", LEARNER_IDS),
    "learner_ambiguous": Reason("Send user_id or learner_id, and not both.", LEARNER_IDS),
    "personal_value": Reason(
        "A personal value was found in a member for an id. Send an id that names no person.",
        PRIVACY,
    ),
    "attribute_key_not_allowed": Reason("The deployment does not allow one of these keys.", CONFIGURATION),
    "attribute_value_not_allowed": Reason(
        "A value is a boolean, a number up to 2 to the 53rd, or a word of up to 64 of A-Z a-z 0-9 _ . : + - that names"
        " no person.",
        PRIVACY,
    ),
    "attributes_too_deep": Reason("Objects and arrays are nested too deeply."),
    "attributes_too_large": Reason("The attributes are too large."),
    "learner_erased": Reason(
        "It is of the time before its learner was erased, and will never be taken: forget it.", PRIVACY
    ),
    "scrub_failed": Reason("It could not be scrubbed, so nothing of it was kept.", PRIVACY),
    "event_refused": Reason("The organisation's policy does not take events of this name.", PRIVACY),
    "emit_off": Reason("Events are switched off for now: do not send it again.", FLAGS),
    "organisation_off": Reason("Events of the organisation are off for now: do not send it again.", FLAGS),
    "sampled_out": Reason("Only a part of the events of this name is kept: do not send it again.", FLAGS),
    "not_an_event": Reason("What stands here is no JSON object with an event in it."),
    "event_missing": Reason("A track has the name of what happened in event."),
    "write_key_differs": Reason("It names another write key than its batch: send it under the key that it names."),
    "identity_missing": Reason("Send a messageId or a timestamp: else nothing tells a repetition from another call."),
}  # fmt: skip


def explain_form(detail: str) -> str:
    """Return the text about an unreadable event for its sender: the fault, and where to read on."""
    return f"{detail.removesuffix('.')}. See {REASONS['invalid'].page}."


def explain_reason(code: str, limit: str = "") -> str:
    """Return the text for the sender: the sentence, the limit or the rule, and where to read on."""
    reason = REASONS.get(code, Reason("It was not taken."))
    return " ".join(part for part in (reason.sentence, limit, f"See {reason.page}.") if part)
