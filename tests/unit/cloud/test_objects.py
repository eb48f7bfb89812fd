"""A bucket of objects, as S3 has it."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from rollcall.cloud.objects import Objects
from rollcall.errors import ObjectMissing, ObjectsUnavailable

BUCKET = "archive"


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    """A bucket that is there, in process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield Objects(BUCKET)


def test_an_object_is_read_as_it_was_put(objects: Objects) -> None:
    """The bytes come back unchanged; a second put replaces the first; a key that was never put is missing."""
    objects.put("spool/a.json", b"first")
    objects.put("spool/a.json", b"second")
    assert objects.get("spool/a.json") == b"second"
    with pytest.raises(ObjectMissing):
        objects.get("spool/b.json")


def test_an_object_is_streamed_and_deleted(objects: Objects) -> None:
    """The stream yields all bytes in parts; a second deletion succeeds; reading a missing object raises an error."""
    body = bytes(range(256)) * 4096
    objects.put("snapshots/a", body)
    chunks = list(objects.stream("snapshots/a"))
    assert b"".join(chunks) == body
    assert len(chunks) > 1
    objects.delete(["snapshots/a", "snapshots/never"])
    objects.delete(["snapshots/a"])
    objects.delete([])
    with pytest.raises(ObjectMissing):
        next(objects.stream("snapshots/a"))


def test_keys_come_in_order_and_page_by_page(objects: Objects) -> None:
    """Each page begins after the last key of the one before, and never leaves its prefix."""
    for name in ("spool/b", "spool/a", "other/z", "spool/c"):
        objects.put(name, b"")
    assert objects.keys_after("spool/", "", 2) == ["spool/a", "spool/b"]
    assert objects.keys_after("spool/", "spool/b", 2) == ["spool/c"]
    assert objects.keys_after("spool/", "spool/c", 2) == []


def test_a_missing_bucket_is_reported_as_unavailable(objects: Objects) -> None:
    """A missing bucket is not reported as a missing object."""
    nowhere = Objects("nowhere")
    with pytest.raises(ObjectsUnavailable):
        nowhere.put("key", b"")
    with pytest.raises(ObjectsUnavailable):
        nowhere.get("key")
    with pytest.raises(ObjectsUnavailable):
        nowhere.keys_after("", "", 1)
    with pytest.raises(ObjectsUnavailable):
        next(nowhere.stream("key"))
    with pytest.raises(ObjectsUnavailable):
        nowhere.delete(["key"])
