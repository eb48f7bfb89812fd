"""Watch flags: read them again every few seconds, and keep the last valid ones."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pydantic import ValidationError

from rollcall.contracts.ingest.flags import Flags
from rollcall.errors import ParameterUnavailable

AGE_MAX_SECONDS = 15
Trouble = Literal["flags_invalid", "flags_unavailable"]


@dataclass
class FlagReader:
    """The flow, with the IO it was given. `monotonic` is in seconds."""

    read: Callable[[], str | None]
    monotonic: Callable[[], float]
    report: Callable[[Trouble], object]
    _flags: Flags = field(default_factory=Flags)
    _asked_at: float = -math.inf

    def current(self) -> Flags:
        """Return the flags, at most AGE_MAX_SECONDS old.

        If the parameter cannot be read or is invalid, the last flags stay (at first none), and `report` is called.
        """
        if self.monotonic() - self._asked_at >= AGE_MAX_SECONDS:
            self._flags = self._ask()
            self._asked_at = self.monotonic()
        return self._flags

    def _ask(self) -> Flags:
        try:
            text = self.read()
            return Flags() if text is None else Flags.model_validate_json(text)
        except ParameterUnavailable:
            self.report("flags_unavailable")
        except ValidationError:
            self.report("flags_invalid")
        return self._flags
