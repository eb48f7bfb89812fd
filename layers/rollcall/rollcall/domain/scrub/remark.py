"""Remarks: what scrubbing did to an event, where, and by which rule. Never a value, nor a key that could be one."""

from typing import Any, NamedTuple

from rollcall.domain.scrub.limits import REMARKS_MAX

LIMIT_REMARKS = "@limit:remarks"
UNNAMED = "*"


class Remark(NamedTuple):
    """One redaction. `path` has the policy's own words for keys, and `*` for any other and for items of arrays."""

    path: str
    rule: str
    action: str


class ScrubResult(NamedTuple):
    """A scrubbed value, and remarks."""

    value: Any
    remarks: tuple[Remark, ...]


class Remarks:
    """Remarks as they gather, each once."""

    __slots__ = ("_remarks",)

    def __init__(self) -> None:
        self._remarks: dict[tuple[str, str, str], None] = {}

    def add(self, place: tuple[str, ...], rule: str, action: str) -> None:
        """Add a remark. Beyond the limit, note only that there were more."""
        full = len(self._remarks) >= REMARKS_MAX
        self._remarks[("", LIMIT_REMARKS, "remove") if full else (".".join(place), rule, action)] = None

    def as_tuple(self) -> tuple[Remark, ...]:
        """Return the remarks in the order of their arrival."""
        return tuple(map(Remark._make, self._remarks)) if self._remarks else ()
