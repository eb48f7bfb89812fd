"""DynamoDB tables of the house's one shape: items under a kind and an id, which expire. Without the SDK."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rollcall.cloud.json_service import Answer, JsonService, ServiceUnreachable
from rollcall.cloud.signature import AwsCredentials
from rollcall.errors import TableUnavailable

CONDITION_FAILED = "ConditionalCheckFailedException"
EXPIRES_AT = "expires_at"


@dataclass(frozen=True)
class Item:
    """One item: a JSON document under a kind and an id. `expires_at` is in seconds since 1970.

    An item may still be there for a while after it has expired: readers look at `expires_at` themselves.
    """

    kind: str
    id: str
    document: Mapping[str, Any]
    expires_at: int | None = None
    version: int = 0


@dataclass(frozen=True)
class Page:
    """Some items of a kind, in the order of their ids. The next page begins after `next_id`; None at the end."""

    items: tuple[Item, ...]
    next_id: str | None


class Table:
    """Items by kind and id. Each call raises TableUnavailable without an answer."""

    def __init__(
        self, name: str, region: str, endpoint_url: str | None, credentials: Callable[[], AwsCredentials]
    ) -> None:
        self._name = name
        self._service = JsonService("dynamodb", "DynamoDB_20120810", region, endpoint_url, credentials, "1.0")

    def put(self, item: Item) -> None:
        """Write an item, whether or not there is one."""
        self._call("PutItem", {"Item": _marshal(item)})

    def put_next(self, item: Item) -> bool:
        """Write an item if the one that is there has the version before; return whether it was written.

        `item.version` 1 wants that there is none.
        """
        condition = {
            "ConditionExpression": "attribute_not_exists(id)" if item.version == 1 else "version = :version",
            **({} if item.version == 1 else {"ExpressionAttributeValues": {":version": {"N": str(item.version - 1)}}}),
        }
        return self._call("PutItem", {"Item": _marshal(item), **condition}, refusable=True).is_ok

    def get(self, kind: str, id: str) -> Item | None:  # noqa: A002 - the attribute's own name
        """Return an item as it is now, or None."""
        answer = self._call("GetItem", {"Key": _key(kind, id), "ConsistentRead": True})
        found = answer.members.get("Item")
        return _unmarshal(found) if found else None

    def take(self, kind: str, id: str) -> Item | None:  # noqa: A002 - the attribute's own name
        """Remove an item and return it, or None where there is none. Of several at once, one alone is given it."""
        answer = self._call("DeleteItem", {"Key": _key(kind, id), "ReturnValues": "ALL_OLD"})
        found = answer.members.get("Attributes")
        return _unmarshal(found) if found else None

    def page(
        self, kind: str, limit: int, after: str | None = None, *, below: str | None = None, newest_first: bool = False
    ) -> Page:
        """Return up to `limit` items of a kind, those with ids after `after`, and below `below` where it is given."""
        bound = {} if below is None else {":below": {"S": below}}
        members: dict[str, Any] = {
            "KeyConditionExpression": "kind = :kind AND id < :below" if bound else "kind = :kind",
            "ExpressionAttributeValues": {":kind": {"S": kind}, **bound},
            "Limit": limit,
            "ScanIndexForward": not newest_first,
        }
        if after is not None:
            members["ExclusiveStartKey"] = _key(kind, after)
        answer = self._call("Query", members)
        last = answer.members.get("LastEvaluatedKey")
        return Page(tuple(map(_unmarshal, answer.members.get("Items", ()))), last["id"]["S"] if last else None)

    def all(self, kind: str, page_size: int = 1000) -> Iterator[Item]:
        """Yield every item of a kind, page by page."""
        after: str | None = None
        while True:
            page = self.page(kind, page_size, after)
            yield from page.items
            after = page.next_id
            if after is None:
                return

    def _call(self, operation: str, members: Mapping[str, Any], *, refusable: bool = False) -> Answer:
        try:
            answer = self._service.call(operation, {"TableName": self._name, **members})
        except ServiceUnreachable as fault:
            raise TableUnavailable from fault
        if answer.is_ok or (refusable and answer.error == CONDITION_FAILED):
            return answer
        raise TableUnavailable(f"DynamoDB answered {answer.status} {answer.error}.")


def _key(kind: str, id: str) -> dict[str, Any]:  # noqa: A002 - the attribute's own name
    return {"kind": {"S": kind}, "id": {"S": id}}


def _marshal(item: Item) -> dict[str, Any]:
    expires = {} if item.expires_at is None else {EXPIRES_AT: {"N": str(item.expires_at)}}
    return {
        **_key(item.kind, item.id),
        "document": {"S": json.dumps(item.document, separators=(",", ":"))},
        "version": {"N": str(item.version)},
        **expires,
    }


def _unmarshal(attributes: Mapping[str, Any]) -> Item:
    expires = attributes.get(EXPIRES_AT)
    return Item(
        attributes["kind"]["S"],
        attributes["id"]["S"],
        json.loads(attributes["document"]["S"]),
        None if expires is None else int(expires["N"]),
        int(attributes["version"]["N"]),
    )
