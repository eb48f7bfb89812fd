"""Strictness: who may change an organisation's additions. Only admin:super may undo a change of admin:super."""

from rollcall.contracts.scrub.policy import PolicyAdditions, Restrictions, StoredAdditions
from rollcall.domain.scrub.key_name import compact
from rollcall.domain.scrub.policy import EVERY_EVENT, declarations_of
from rollcall.domain.scrub.redaction import STRICTNESS, Action
from rollcall.domain.scrub.selector import Selector

REDACTED: dict[str, Action] = {"drop": "remove", "pseudonymise": "pseudonymise", "mask": "mask"}
NAMED = ("personal_keys", "refuse_events")


def needs_super(asked: PolicyAdditions, stored: StoredAdditions | None) -> bool:
    """Return whether these additions keep values that only admin:super may allow.

    These are new declarations beyond the stored ones, and restrictions of admin:super that they leave out.
    """
    before = stored or StoredAdditions()
    for member in ("disable_rules", "route_words", "presets"):
        if not set(getattr(asked, member)) <= set(getattr(before, member)):
            return True
    return _keeps_more(asked, before) or not _covers(asked, held_of(before))


def _keeps_more(asked: PolicyAdditions, before: PolicyAdditions) -> bool:
    """Return whether any event or property is kept that was not kept before.

    An event that is no longer declared keeps the properties of every event, so these are compared too.
    """
    now, then = _kinds(asked), _kinds(before)
    now |= dict.fromkeys(then.keys() - now.keys(), now[EVERY_EVENT])
    for event, kinds in now.items():
        known = then.get(event)
        if known is None or any(known.get(path) != kind for path, kind in kinds.items()):
            return True
    return False


def _kinds(additions: PolicyAdditions) -> dict[str, dict[str, str]]:
    """Return the kept properties of each event: kinds by path. The empty name means any other event."""
    everywhere, events = declarations_of(additions.model_dump())
    own = {EVERY_EVENT: {}, **{event: properties for event, (_, properties) in events.items()}}
    # Every event repeats the paths that are declared everywhere, so each path is made compact once.
    compacted = {path: _compact_path(path) for declared in (everywhere, *own.values()) for path in declared}
    return {
        event: {compacted[path]: kind for path, kind in {**everywhere, **properties}.items()}
        for event, properties in own.items()
    }


def held_of(stored: StoredAdditions) -> Restrictions:
    """Return the restrictions of admin:super: all except those noted as set by admin:write.

    Restrictions that an operator wrote into the parameter have no note, and count as those of admin:super.
    """
    kept = {
        name: tuple(value for value in getattr(stored, name) if value not in getattr(stored.retractable, name))
        for name in Restrictions.model_fields
    }
    return Restrictions(**kept)


def stored_form(asked: PolicyAdditions, stored: StoredAdditions | None, *, by_super: bool) -> StoredAdditions:
    """Return additions with a note of the restrictions that admin:write may undo."""
    if by_super:
        return StoredAdditions(**dict(asked))
    held = held_of(stored or StoredAdditions())
    own = {
        name: tuple(value for value in getattr(asked, name) if value not in getattr(held, name))
        for name in Restrictions.model_fields
    }
    return StoredAdditions(**dict(asked), retractable=Restrictions(**own))


def _covers(asked: PolicyAdditions, held: Restrictions) -> bool:
    """Return whether additions are at least as strict as these restrictions."""
    strictness = _redactions(asked)
    redactions_hold = all(strictness.get(segments, -1) >= least for segments, least in _redactions(held).items())
    return redactions_hold and all(
        set(map(compact, getattr(held, name))) <= set(map(compact, getattr(asked, name))) for name in NAMED
    )


def _redactions(restrictions: Restrictions) -> dict[tuple[str, ...], int]:
    """Return for each selector the strictest action that names it."""
    found: dict[tuple[str, ...], int] = {}
    for name, action in REDACTED.items():
        for text in getattr(restrictions, name):
            segments = Selector.parse(text).segments
            found[segments] = max(found.get(segments, -1), STRICTNESS.index(action))
    return found


def _compact_path(path: str) -> str:
    return ".".join(part if part == "*" else compact(part) for part in path.split("."))
