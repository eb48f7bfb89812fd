"""An S3 bucket of objects. The SDK is imported at the first use."""

from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING, cast

from rollcall.errors import ObjectMissing, ObjectsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_TIMEOUT_SECONDS = 2
READ_TIMEOUT_SECONDS = 5
KEYS_MAX = 1000  # what S3 lists in one answer, and deletes in one call
CHUNK_BYTES = 262_144


class Objects:
    """The objects of one bucket. Region, endpoint, credentials and encryption are the SDK's and the bucket's own."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket
        self._client: S3Client | None = None

    def _s3(self) -> "S3Client":
        if self._client is None:
            import boto3
            from botocore.config import Config

            self._client = boto3.client(
                "s3",
                config=Config(
                    connect_timeout=CONNECT_TIMEOUT_SECONDS,
                    read_timeout=READ_TIMEOUT_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 2},
                ),
            )
        return self._client

    def put(self, key: str, body: bytes) -> None:
        """Keep an object durably, in place of one of the same key; raises ObjectsUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._s3().put_object(Bucket=self._bucket, Key=key, Body=body)
        except (BotoCoreError, ClientError) as fault:
            raise ObjectsUnavailable from fault

    def put_stream(self, key: str, pieces: Iterator[bytes]) -> None:
        """Keep an object that is made piece by piece, never whole in memory; raises ObjectsUnavailable."""
        from boto3.s3.transfer import TransferConfig
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._s3().upload_fileobj(
                cast("IO[bytes]", _Pieces(pieces)), self._bucket, key, Config=TransferConfig(use_threads=False)
            )
        except (BotoCoreError, ClientError) as fault:
            raise ObjectsUnavailable from fault

    def address(self, key: str, lasts_seconds: int) -> str:
        """Return a URL from which anyone can fetch the object for a while. No request is made."""
        return self._s3().generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=lasts_seconds
        )

    def get(self, key: str) -> bytes:
        """Return an object's bytes; raises ObjectMissing, ObjectsUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return self._s3().get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as fault:
            if fault.response.get("Error", {}).get("Code") == "NoSuchKey":
                raise ObjectMissing from fault
            raise ObjectsUnavailable from fault
        except BotoCoreError as fault:
            raise ObjectsUnavailable from fault

    def stream(self, key: str) -> Iterator[bytes]:
        """Yield an object's bytes, some at a time; raises ObjectMissing, ObjectsUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield from self._s3().get_object(Bucket=self._bucket, Key=key)["Body"].iter_chunks(CHUNK_BYTES)
        except ClientError as fault:
            if fault.response.get("Error", {}).get("Code") == "NoSuchKey":
                raise ObjectMissing from fault
            raise ObjectsUnavailable from fault
        except (BotoCoreError, HTTPError) as fault:
            raise ObjectsUnavailable from fault

    def delete(self, keys: Sequence[str]) -> None:
        """Delete objects, at most KEYS_MAX; one that is not there is deleted already. Raises ObjectsUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        if not keys:
            return
        try:
            answer = self._s3().delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
        except (BotoCoreError, ClientError) as fault:
            raise ObjectsUnavailable from fault
        if answer.get("Errors"):
            raise ObjectsUnavailable(f"{len(answer['Errors'])} objects were not deleted.")

    def keys_after(self, prefix: str, start_after: str = "", limit: int = KEYS_MAX) -> list[str]:
        """Return the next keys below a prefix in order, after that key, at most `limit`; raises ObjectsUnavailable."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = self._s3().list_objects_v2(
                Bucket=self._bucket, Prefix=prefix, StartAfter=start_after, MaxKeys=min(limit, KEYS_MAX)
            )
        except (BotoCoreError, ClientError) as fault:
            raise ObjectsUnavailable from fault
        return [found["Key"] for found in answer.get("Contents", [])]


class _Pieces:
    """A file of pieces, as the SDK reads one."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._left) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._left += piece
        taken = len(self._left) if size < 0 else size
        read, self._left = self._left[:taken], self._left[taken:]
        return read
