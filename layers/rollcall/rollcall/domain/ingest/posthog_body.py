"""Bodies of PostHog's clients: JSON, or JSON in gzip, lz-string, base64 or a form. Pure: bytes in, documents out."""

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from rollcall.domain.gzip_body import GZIP_AS_TEXT, GZIP_MAGIC, gunzip
from rollcall.domain.ingest.foreign_json import read_foreign_json
from rollcall.domain.ingest.lz_string import decompress_base64
from rollcall.errors import BodyDamaged, Fault, InvalidBody, TooLarge

FORM_TYPE = "application/x-www-form-urlencoded"
FORM_START = (b"data=", b"compression=", b"api_key=", b"token=")  # without a media type
JSON_STARTS = (b"{", b"[", b'"', b"\xef\xbb\xbf")
KEY_NAMES = ("api_key", "token", "$token")
LZ_NAMES = frozenset({"lz64", "lz-string"})
FIELDS_MAX = 20
SENT_AT_IN_QUERY = "_"  # the parameter with the time in older browsers


@dataclass(frozen=True)
class PostHogBody:
    """The content of a body: its events, the write key, and the sending time by the client's clock."""

    documents: list[Any]
    key: str | None
    sent_at: Any


@dataclass(frozen=True)
class PackedBody:
    """A packed body, with its parameters from the query, headers and a form."""

    data: bytes
    envelope: dict[str, str]

    @property
    def key(self) -> str | None:
        """The write key, where it stands outside the JSON."""
        return named_key([self.envelope])

    @property
    def is_lz(self) -> bool:
        """Whether it is packed in the way that takes long to unfold."""
        return self.envelope.get("compression", "") in LZ_NAMES and not self.data.startswith(GZIP_MAGIC)


def open_body(raw: bytes, media_type: str, query: Mapping[str, str]) -> PackedBody:
    """Take a body out of its form, if it is in one. Raises InvalidBody for what is no form.

    Raises BodyDamaged for gzip that a gateway took for text: posthog-js packs what it sends again in another way, once
    it is named (contracts.ingest.posthog).
    """
    if raw.startswith(GZIP_AS_TEXT):
        raise BodyDamaged
    envelope = dict(query)
    if media_type == FORM_TYPE or raw.startswith(FORM_START):
        form = _fields(raw)
        raw = form.pop("data", "").encode()
        envelope |= form
    return PackedBody(raw, envelope)


def read_body(text: bytes, envelope: Mapping[str, str]) -> PostHogBody:
    """Read the JSON of a body; raises InvalidBody where there are no events in it."""
    document = read_foreign_json(text)
    documents = _documents(document)
    if not documents:
        fault = Fault("/batch", "no_events", "One event or more.")
        raise InvalidBody(
            "The body is an event, an array of events, or an object with events in batch.", faults=[fault]
        )
    members = document if isinstance(document, dict) else {}
    sent_at = members.get("sent_at") or envelope.get("sent_at") or envelope.get(SENT_AT_IN_QUERY)
    return PostHogBody(documents, named_key([envelope, members, *_keys_within(documents)]), sent_at)


def _fields(raw: bytes) -> dict[str, str]:
    """Return the fields of a form, the last of each name."""
    try:
        fields = parse_qs(raw.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as fault:
        raise InvalidBody("The body is not a form.") from fault
    return {name: values[-1] for name, values in fields.items()}


def unfold(packed: PackedBody, bytes_max: int) -> bytes:
    """Return the JSON in what was sent, however it is packed; raises InvalidBody, TooLarge.

    What it is packed in shows; the one form that does not is named by `compression`.
    """
    raw = packed.data
    text = raw.strip()
    if packed.is_lz and len(text) > bytes_max:
        raise TooLarge(f"A body has at most {bytes_max} bytes.")
    if packed.is_lz:
        unfolded = decompress_base64(_base64_text(text), bytes_max).encode()
    elif raw.startswith(GZIP_MAGIC):
        unfolded = gunzip(raw, bytes_max)
    elif not text or text.startswith(JSON_STARTS):
        unfolded = raw
    else:
        unfolded = _unpack_base64(text)
        if unfolded.startswith(GZIP_MAGIC):
            unfolded = gunzip(unfolded, bytes_max)
    if len(unfolded) > bytes_max:
        raise TooLarge(f"A body has at most {bytes_max} bytes after decompression.")
    return unfolded


def _base64_text(text: bytes) -> str:
    """Return base64 as its alphabet has it: a form that was not escaped turns each + into a space."""
    return text.decode("ascii", "replace").replace(" ", "+")


def _unpack_base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(_base64_text(text), validate=True)
    except (ValueError, binascii.Error) as fault:
        raise InvalidBody("The body is neither JSON nor JSON in base64, in gzip or in a form.") from fault


def _documents(document: Any) -> list[Any]:
    """Return the events in a body; none where it has none."""
    match document:
        case list():
            return document
        case {"batch": list() as batch}:
            return batch
        case {"batch": _}:
            return []
        case {"event": _}:
            return [document]
        case _:
            return []


def _keys_within(documents: list[Any]) -> Iterator[Mapping[str, Any]]:
    """Yield where an event may name its key: in itself, or in its properties."""
    for document in documents[:1]:
        if isinstance(document, dict):
            yield document
            properties = document.get("properties")
            if isinstance(properties, dict):
                yield properties


def named_key(places: Iterable[Mapping[str, Any]]) -> str | None:
    """Return the write key: the first that is named in any of these places."""
    named = (place.get(name) for place in places for name in KEY_NAMES)
    return next((key for key in named if isinstance(key, str) and key), None)
