"""Which media type is answered: what an Accept header likes best of what there is (RFC 9110, 12.5.1)."""

from collections.abc import Sequence


def choose(accept: str, offered: Sequence[str]) -> str | None:
    """Return the offered type with the highest weight, the first of equals; None where none is accepted.

    A range that names a type goes before `type/*`, and that before `*/*`. Parameters other than q are not looked at.
    """
    ranges = [parsed for part in accept.split(",") if (parsed := _parse(part)) is not None] or [("*/*", 1.0)]
    weights = {media_type: _weigh(media_type, ranges) for media_type in offered}
    best = max(offered, key=lambda media_type: weights[media_type])
    return best if weights[best] > 0 else None


def _parse(part: str) -> tuple[str, float] | None:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    if not name:
        return None
    weight = next((text[2:] for text in parameters if text.startswith("q=")), "1")
    try:
        return name, min(1.0, max(0.0, float(weight)))
    except ValueError:
        return name, 0.0


def _weigh(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    family = media_type.split("/", maxsplit=1)[0]
    for wanted in (media_type, f"{family}/*", "*/*"):
        found = [weight for name, weight in ranges if name == wanted]
        if found:
            return max(found)
    return 0.0
