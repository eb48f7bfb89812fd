"""What a kind judges a value with: the policy's value rules, an organisation's URL paths, ids of its own catalogue."""

from typing import NamedTuple

from rollcall.domain.scrub.text import TextScrubber
from rollcall.domain.scrub.url_path import UrlPaths


class Means(NamedTuple):
    """Made once for an organisation's scrubber. `catalogue` has ids that its administrators let through."""

    texts: TextScrubber
    urls: UrlPaths
    catalogue: frozenset[str] = frozenset()
