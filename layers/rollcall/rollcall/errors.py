"""The whole error tree. No HTTP in it: edge.http.problems holds the one table that turns it into answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a request: where (a JSON pointer into the body), and what. Never the value itself."""

    pointer: str
    code: str
    detail: str


class RollcallError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal_error"

    def __init__(
        self, detail: str = "", *, faults: Sequence[Fault] = (), retry_after_seconds: int | None = None
    ) -> None:
        self.detail = detail or (type(self).__doc__ or "")
        self.faults = tuple(faults)
        self.retry_after_seconds = retry_after_seconds
        super().__init__(self.detail)


class InvalidRequest(RollcallError):
    """The request is not what this route takes."""

    code = "invalid_request"


class InvalidBody(InvalidRequest):
    """The body is not JSON of the expected form."""

    code = "invalid_body"


class EmptyBody(InvalidBody):
    """The body is empty: send JSON."""

    code = "body_empty"


class NotUtf8(InvalidBody):
    """The body is not UTF-8, which JSON is sent in (RFC 8259, section 8.1)."""

    code = "body_not_utf8"


class NotGzip(InvalidBody):
    """The header Content-Encoding says gzip, and the body is none, is cut off, or has something after its end."""

    code = "body_not_gzip"


class GzipUndeclared(InvalidBody):
    """The body looks like gzip: say so in a header, Content-Encoding: gzip."""

    code = "gzip_undeclared"


class NumberInvalid(InvalidBody):
    """JSON has no NaN and no Infinity, nor any number of more than 4,300 digits: leave it out, or send null."""

    code = "number_invalid"


class InvalidEvents(InvalidRequest):
    """No event of the batch could be accepted."""

    code = "invalid_events"


class WindowInvalid(InvalidRequest):
    """Check the parameters of the query: the window ends before it begins, or is too long."""

    code = "window_invalid"


class CursorInvalid(InvalidRequest):
    """This cursor is not one that a page of this list named."""

    code = "cursor_invalid"


class ActionUnknown(InvalidRequest):
    """There is no such action: subscribe, ping and progress.batch are known."""

    code = "action_unknown"


class UnsupportedEncoding(InvalidRequest):
    """Only identity and gzip content encodings are understood."""

    code = "unsupported_encoding"


class TooLarge(RollcallError):
    """The body has too many bytes."""

    code = "too_many_bytes"


class TooManyEvents(TooLarge):
    """The batch has too many events."""

    code = "too_many_events"


class Unauthorized(RollcallError):
    """A valid bearer token is needed."""

    code = "token_missing"


class InvalidToken(Unauthorized):
    """The bearer token is not valid here."""

    code = "token_invalid"


class ExpiredToken(Unauthorized):
    """The bearer token has expired: get a new one."""

    code = "token_expired"


class InvalidTicket(Unauthorized):
    """The ticket is not known here, was taken already, or has expired: get a new one."""

    code = "ticket_invalid"


class InvalidWriteKey(Unauthorized):
    """A write key that is known here and was not revoked is needed, as the user name of HTTP Basic."""

    code = "write_key_invalid"


class Forbidden(RollcallError):
    """The token does not allow this."""

    code = "forbidden"


class OrganisationForbidden(Forbidden):
    """The token does not hold this organisation."""

    code = "org_forbidden"


class UserForbidden(Forbidden):
    """Only a service may send another user's events."""

    code = "user_forbidden"


class ScopeMissing(Forbidden):
    """The token lacks the scope that this needs."""

    code = "scope_missing"


class RoleForbidden(Forbidden):
    """Only a service may ask for this."""

    code = "role_forbidden"


class OriginForbidden(Forbidden):
    """Pages of this origin may not open sockets."""

    code = "origin_forbidden"


class NotFound(RollcallError):
    """There is nothing here."""

    code = "not_found"


class EventUnknown(NotFound):
    """Nothing is known of this event here. One that was spooled while the database is away is known once it is back."""

    code = "event_unknown"


class ObjectMissing(NotFound):
    """There is no object of this key."""

    code = "object_missing"


class OperationUnknown(NotFound):
    """There is no such operation in this organisation."""

    code = "operation_unknown"


class DeadLetterUnknown(NotFound):
    """There is no such dead letter in this organisation."""

    code = "dead_letter_unknown"


class SnapshotUnknown(NotFound):
    """There is no snapshot of this organisation and day."""

    code = "snapshot_unknown"


class JobUnknown(NotFound):
    """There is no job of this name."""

    code = "job_unknown"


class WriteKeyUnknown(NotFound):
    """There is no such write key in this organisation."""

    code = "write_key_unknown"


class JobFailed(RollcallError):
    """A run of a job failed for an unforeseen reason. Its log line says where."""

    code = "job_failed"


class MethodNotAllowed(RollcallError):
    """This path does not take this method."""

    code = "method_not_allowed"


class Conflict(RollcallError):
    """This event_id is known with other content: the first one is kept."""

    code = "event_conflict"


class IdempotencyConflict(Conflict):
    """This Idempotency-Key asked for something else before: take a new key for a new order."""

    code = "idempotency_conflict"


class OperationActive(Conflict):
    """An operation of this kind is at work on the same source already: wait for it, or cancel it."""

    code = "operation_active"


class WriteKeyEnded(Conflict):
    """This write key was revoked, or another replaces it already: rotate that one, or make a new key."""

    code = "write_key_ended"


class TooManyWriteKeys(Conflict):
    """The organisation has 100 write keys that are good: revoke those that are not used."""

    code = "too_many_write_keys"


class RateLimited(RollcallError):
    """Too many batches: wait, then send this one again."""

    code = "rate_limited"


class Unavailable(RollcallError):
    """Nothing was taken: send it again a little later."""

    code = "unavailable"


class SendingTooFast(Unavailable):
    """Too many batches: wait, then send this one again."""

    code = "sending_too_fast"


class BodyDamaged(Unavailable):
    """A gateway took this compressed body for text: send it again in base64, or not compressed at all."""

    code = "body_damaged"


class StoreUnavailable(Unavailable):
    """The database cannot be reached."""

    code = "store_unavailable"


class StoreRefused(RollcallError):
    """The database refuses this content, however often it is offered."""

    code = "store_refused"


class QueueUnavailable(Unavailable):
    """The queue cannot be reached."""

    code = "queue_unavailable"


class PolicyUnavailable(Unavailable):
    """The organisation's scrubbing policy cannot be read."""

    code = "policy_unavailable"


class ObjectsUnavailable(Unavailable):
    """The bucket cannot be reached."""

    code = "objects_unavailable"


class SnapshotBusy(Unavailable):
    """Somebody else works on the snapshot of this day."""

    code = "snapshot_busy"


class TopicUnavailable(Unavailable):
    """The topic cannot be reached."""

    code = "topic_unavailable"


class KeysUnavailable(Unavailable):
    """The keys that tokens are verified with cannot be read."""

    code = "keys_unavailable"


class SecretUnavailable(RollcallError):
    """A secret cannot be read."""

    code = "secret_unavailable"


class ParameterUnavailable(RollcallError):
    """A parameter cannot be read."""

    code = "parameter_unavailable"


class ScrubFailed(RollcallError):
    """The event could not be scrubbed, so nothing of it was kept."""

    code = "scrub_failed"


class EventRefused(ScrubFailed):
    """The organisation's policy does not take events of this name."""

    code = "event_refused"


class PolicyInvalid(InvalidRequest):
    """The scrubbing policy is not one that can be applied."""

    code = "policy_invalid"


class PoisonedMessage(RollcallError):
    """A queue message cannot be understood, however often it is read."""

    code = "poisoned_message"


class SnapshotDamaged(RollcallError):
    """An object of a snapshot is not what was written."""

    code = "snapshot_damaged"


class BeyondLedger(RollcallError):
    """The event is older than the ledger's memory: Rollcall cannot know whether it was counted already."""

    code = "beyond_ledger"


class RetentionStopped(RollcallError):
    """A day was kept, since its snapshot did not prove to hold all of it."""

    code = "retention_stopped"


class MigrationRefused(RollcallError):
    """The schema was not changed."""

    code = "migration_refused"


class DatabaseAhead(MigrationRefused):
    """The database has a migration that this version does not know."""

    code = "database_ahead"


class TableUnavailable(Unavailable):
    """What is known of sockets and of health cannot be read or written now."""

    code = "table_unavailable"


class HealthUnknown(Unavailable):
    """Health has not been measured yet. Ask again in a few seconds."""

    code = "health_unknown"


class ConnectionGone(RollcallError):
    """The socket is closed."""

    code = "connection_gone"


class SocketsUnavailable(Unavailable):
    """Nothing can be sent to sockets now."""

    code = "sockets_unavailable"


class BacklogExceeded(Unavailable):
    """Too much waits to be stored: what adds to it or destroys has to wait until it is."""

    code = "backlog_exceeded"


class ImportRecalling(Unavailable):
    """Snapshots of these days are being read, to know which events were received: send the same lines again."""

    code = "import_recalling"


class ConfigurationInvalid(RollcallError):
    """A setting is missing or wrong."""

    code = "configuration_invalid"
