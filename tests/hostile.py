"""Hostile requests for every route of the API's description: one place of a sound request at a time."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

CORPUS = Path(__file__).parent / "e2e" / "corpus"
# Of today, so that nothing but its form is wrong with a time.
TODAY = datetime.now(UTC).date().isoformat()
HOSTILE: dict[str, list[str]] = json.loads((CORPUS / "hostile.json").read_text().replace("2026-11-30", TODAY))
VALUES = (CORPUS / "values.txt").read_text().splitlines()
TEXTS: list[str] = HOSTILE["texts"]
NEVER = "\N{SNOWMAN}never"  # stands in a raw value's place until the document is written
VALUES_A_PLACE, DEPTH_MAX = 6, 4
METHODS = ("get", "post", "put", "delete")
# Without these an event of a foreign client is refused before anything else of it is looked at.
TELLING = frozenset({"event", "messageId", "timestamp", "distinct_id", "properties", "org_id"})
Json = dict[str, Any]
Place = tuple[str | int, ...]

BODIES: tuple[bytes, ...] = (
    b"",
    b" ",
    b"null",
    b"[]",
    b'"text"',
    b"7",
    b"{",
    b"{}",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe{\x00}\x00",
    b'{"a": "\xff"}',
    b'{"a": NaN}',
    b'{"a": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"a": 1, "a": 2}',
    b"\x1f\x8b\x08\x00",
    b"[" * 30_000,
    b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    b'{"a": ' + b"9" * 5_000 + b"}",
    b"a=1&b=%ED%A0%80",
    b"data=%7B%7D",
)


@dataclass(frozen=True)
class Attempt:
    """A request, and which place of it is hostile."""

    method: str
    route: str
    path: str
    label: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None


def attempts(document: Json, org_id: UUID, seed: int) -> Iterator[Attempt]:
    """Yield requests to each operation of a description, each hostile in one place."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            # With and without a slash at its end, a path is one route.
            if method in methods and not path.endswith("/"):
                yield from _of_operation(Operation(document, org_id, Random(f"{seed}{method}{path}")), method, path)


def _of_operation(sound: "Operation", method: str, path: str) -> Iterator[Attempt]:
    described = sound.document["paths"][path][method]
    parameters = described.get("parameters", [])
    values = {each["name"]: sound.value(each["schema"], each["name"]) for each in parameters}
    body = next(iter(described.get("requestBody", {}).get("content", {}).values()), None)
    content = sound.value(body["schema"], "") if body else None
    request = Request(method, path, parameters, values, content)
    yield request.attempt("sound")
    for parameter in parameters:
        for text in sound.texts_for(parameter["schema"]):
            yield request.with_parameter(parameter["name"], text)
    if isinstance(content, dict) and body:
        for place, schema in sound.places(body["schema"], content):
            for raw in sound.raw_values(schema):
                yield request.with_member(place, raw)
    if body:
        yield from (replace(request.attempt(f"body {each[:20]!r}"), content=each) for each in BODIES)


@dataclass(frozen=True)
class Request:
    """A sound request, and how one place of it is made hostile."""

    method: str
    path: str
    parameters: list[Json]
    values: Json
    content: Any

    def attempt(self, label: str, values: Json | None = None) -> Attempt:
        """Return the request with these values."""
        given = values or self.values
        names = {kind: [each["name"] for each in self.parameters if each["in"] == kind] for kind in IN}
        path = self.path
        for name in names["path"]:
            path = path.replace(f"{{{name}}}", quote(str(given[name]), safe="", errors="surrogatepass"))
        wanted = {each["name"] for each in self.parameters if each.get("required")} | ({label} & set(given))
        query = {name: str(given[name]) for name in names["query"] if name in wanted or name == "org_id"}
        # A repeated order gets a new name, unless the test is about the name.
        headers = {
            name: str(given[name]) if name == label else str(uuid4()) for name in names["header"] if name in wanted
        }
        content = None if self.content is None else json.dumps(self.content).encode()
        return Attempt(self.method, self.path, path, f"{self.method} {self.path}: {label}", query, headers, content)

    def with_parameter(self, name: str, text: str) -> Attempt:
        """Return the request with this text for a parameter."""
        return self.attempt(name, self.values | {name: text})

    def with_member(self, place: Place, raw: str) -> Attempt:
        """Return the request with a raw value at a place of its body."""
        written = json.dumps(_replaced(self.content, place)).replace(json.dumps(NEVER), raw)
        label = f"{'.'.join(map(str, place))} {raw[:30]}"
        return replace(self.attempt(label), content=written.encode("utf-8", "surrogatepass"))


IN = ("path", "query", "header")


@dataclass(frozen=True)
class Operation:
    """Makes sound values from a description's schemas, and draws hostile ones."""

    document: Json
    org_id: UUID
    dice: Random

    def value(self, schema: Json, name: str, depth: int = 0) -> Any:
        """Return a value that a schema takes, under this name."""
        schema = self._resolved(schema)
        if name in TELLING:
            return self._telling(name)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self.value(options[0], name, depth)
        match schema:
            case {"const": value} | {"enum": [value, *_]}:
                found: Any = value
            case {"type": "object"}:
                known = schema.get("properties", {}) if depth < DEPTH_MAX else {}
                wanted = [each for each in known if each in schema.get("required", []) or each in TELLING]
                found = {each: self.value(known[each], each, depth + 1) for each in wanted}
            case {"type": "array"}:
                found = [self.value(schema.get("items", {}), name, depth + 1)]
            case {"type": "integer" | "number"}:
                found = max(1, schema.get("minimum", 1))
            case {"type": "boolean"}:
                found = True
            case _:
                found = self._text(schema, name)
        return found

    def _telling(self, name: str) -> Any:
        told = {"org_id": str(self.org_id), "timestamp": datetime.now(UTC).isoformat(), "properties": {}}
        return told.get(name, str(uuid4()) if name == "messageId" else "lesson_viewed")

    def _text(self, schema: Json, name: str) -> str:
        now = datetime.now(UTC)
        match schema.get("format"):
            case "date-time":
                return (now - timedelta(hours=name in {"from", "first"})).isoformat()
            case "date":
                return (now - timedelta(days=name == "from")).date().isoformat()
            case "uuid":
                return str(uuid4())
            case _:
                return "lesson_viewed"

    def _resolved(self, schema: Json) -> Json:
        if "$ref" in schema:
            return dict(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        return schema

    def texts_for(self, schema: Json) -> list[str]:
        """Return hostile texts for a parameter: times and numbers where it takes one."""
        return [*self._of_kind(schema), *self.dice.sample(TEXTS, VALUES_A_PLACE)]

    def _of_kind(self, schema: Json) -> list[str]:
        shown = json.dumps(self._resolved(schema))
        if '"date' in shown and '"properties"' not in shown:
            return HOSTILE["times"]
        return HOSTILE["numbers"] if '"integer"' in shown and '"properties"' not in shown else []

    def raw_values(self, schema: Json) -> list[str]:
        """Return hostile JSON values for a member, written: all times where it is one."""
        own = self._of_kind(schema)
        texts = [*(own if own == HOSTILE["times"] else []), *self.dice.sample(TEXTS, VALUES_A_PLACE)]
        numbers = own if own == HOSTILE["numbers"] else self.dice.sample(HOSTILE["numbers"], 2)
        return [*map(json.dumps, texts), *numbers, *self.dice.sample(VALUES, VALUES_A_PLACE)]

    def places(self, schema: Json, value: Any, depth: int = 0) -> Iterator[tuple[Place, Json]]:
        """Yield where a body has members, optional and unknown ones too, with what each is."""
        schema = self._resolved(schema)
        if depth < DEPTH_MAX and isinstance(value, dict):
            yield ("unknown \N{SNOWMAN} member",), {}
            for name, inner in schema.get("properties", {}).items():
                yield (name,), inner
                below = self.places(inner, value.get(name), depth + 1)
                yield from (((name, *place), found) for place, found in below)
        elif depth < DEPTH_MAX and isinstance(value, list) and value:
            items = schema.get("items", {})
            yield (0,), items
            yield from (((0, *place), found) for place, found in self.places(items, value[0], depth + 1))


def _replaced(document: Any, place: Place) -> Any:
    """Return a document with the mark in a place of it."""
    first, *rest = place
    inner: Any = _replaced(document[first], tuple(rest)) if rest else NEVER
    if isinstance(document, list):
        return [inner, *document[1:]]
    return {**document, first: inner}
