"""The means of judging a value: the policy's value rules, an organisation's URL paths, its catalogue's ids."""

from typing import NamedTuple

from rollcall.domain.scrub.text import TextScrubber
from rollcall.domain.scrub.url_path import UrlPaths


class Means(NamedTuple):
    """Made once for an organisation's scrubber. `catalogue` has the ids that its administrators allow."""

    texts: TextScrubber
    urls: UrlPaths
    catalogue: frozenset[str] = frozenset()
