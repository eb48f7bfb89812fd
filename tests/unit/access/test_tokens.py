"""Bearer tokens: which are valid, and every way in which one is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from rollcall.edge.http.tokens import TokenRules, verify
from rollcall.errors import ExpiredToken, InvalidToken, KeysUnavailable, RollcallError, SecretUnavailable, Unauthorized

SECRET = "a secret of at least thirty-two bytes, for HS256"
RSA_KEY = rsa.generate_private_key(65_537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ORG = str(uuid4())
SUBJECT = str(uuid4())


def claims(**changes: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    valid = {
        "iss": "https://id.example",
        "aud": "rollcall",
        "sub": SUBJECT,
        "org_ids": [ORG],
        "scope": "admin:read",
        "iat": now,
        "exp": now + timedelta(minutes=5),
    } | changes
    return {name: value for name, value in valid.items() if value is not ...}


class PublishedKeys:
    """A key set as an identity provider publishes it."""

    def __init__(self) -> None:
        rsa_key = RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True)
        ec_key = ECAlgorithm.to_jwk(EC_KEY.public_key(), as_dict=True)
        self._keys = jwt.PyJWKSet([{**rsa_key, "kid": "rsa", "alg": "RS256"}, {**ec_key, "kid": "ec", "alg": "ES256"}])

    def get_signing_key_from_jwt(self, token: str) -> jwt.PyJWK:
        """Return the key that a token names."""
        kid = jwt.get_unverified_header(token).get("kid")
        for key in self._keys.keys:
            if key.key_id == kid:
                return key
        raise jwt.PyJWKClientError("no such key")


def shared(**changes: Any) -> TokenRules:
    rules = TokenRules(
        algorithms=frozenset({"HS256"}),
        issuer="https://id.example",
        audience="rollcall",
        leeway_seconds=60,
        secret=lambda: SECRET,
    )
    return replace(rules, **changes)


def published() -> TokenRules:
    return shared(algorithms=frozenset({"RS256", "ES256"}), secret=None, key_set=PublishedKeys())


def hs256(headers: dict[str, Any] | None = None, **changes: Any) -> str:
    return jwt.encode(claims(**changes), SECRET, algorithm="HS256", headers=headers)


def unsigned() -> str:
    return jwt.encode(claims(), "", algorithm="none")


def signed_with_the_public_key() -> str:
    """Return an HS256 token whose secret is the RSA public key, which everybody knows."""
    public = RSA_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = jwt.utils.base64url_encode(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "rsa"}).encode())
    plain = {name: int(value.timestamp()) if isinstance(value, datetime) else value for name, value in claims().items()}
    signing_input = head + b"." + jwt.utils.base64url_encode(json.dumps(plain).encode())
    algorithm = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = jwt.utils.base64url_encode(algorithm.sign(signing_input, public))
    return (signing_input + b"." + signature).decode()


def ago(**span: int) -> datetime:
    return datetime.now(UTC) - timedelta(**span)


@pytest.mark.parametrize("spelled", [ORG.upper(), ORG.replace("-", ""), f"{{{ORG}}}", f"urn:uuid:{ORG}"])
def test_an_organisation_is_the_same_however_it_is_spelled(spelled: str) -> None:
    """Its value counts, as in bodies and queries."""
    assert verify(f"Bearer {hs256(org_ids=[spelled])}", shared()).org_ids == frozenset({UUID(ORG)})


def test_a_valid_token_names_its_bearer() -> None:
    """Subject, organisations, scopes and role are read; the expiry counts the allowed skew."""
    caller = verify(f"Bearer {hs256()}", shared())
    assert caller.subject == SUBJECT
    assert {str(org_id) for org_id in caller.org_ids} == {ORG}
    assert caller.scopes == {"admin:read"}
    assert caller.role == "learner"
    assert verify(f"bearer {hs256(role='service', sub='school-sync')}", shared()).role == "service"


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA_KEY, "RS256", "rsa"), (EC_KEY, "ES256", "ec")])
def test_tokens_of_a_published_key_set_are_good(key: Any, algorithm: str, kid: str) -> None:
    """RS256 and ES256 by the key id in the header."""
    token = jwt.encode(claims(), key, algorithm=algorithm, headers={"kid": kid})
    assert verify(f"Bearer {token}", published()).subject == SUBJECT


@pytest.mark.parametrize(("seconds", "good"), [(30, True), (-30, True), (90, False)])
def test_a_minute_of_skew_is_allowed(seconds: int, good: bool) -> None:
    """Clocks differ: 60 seconds past the expiry is still in time, 90 are not."""
    token = hs256(exp=datetime.now(UTC) - timedelta(seconds=seconds))
    if good:
        verify(f"Bearer {token}", shared())
    else:
        with pytest.raises(ExpiredToken):
            verify(f"Bearer {token}", shared())


REFUSED: list[tuple[str, str | None, TokenRules, type[RollcallError]]] = [
    ("no header", None, shared(), Unauthorized),
    ("no scheme", hs256(), shared(), Unauthorized),
    ("another scheme", f"Basic {hs256()}", shared(), Unauthorized),
    ("no token", "Bearer ", shared(), Unauthorized),
    ("nonsense", "Bearer x.y.z", shared(), InvalidToken),
    ("too long", "Bearer " + "x" * 9000, shared(), InvalidToken),
    ("alg none", f"Bearer {unsigned()}", shared(), InvalidToken),
    ("alg none against published keys", f"Bearer {unsigned()}", published(), InvalidToken),
    ("HS256 with the RSA public key", f"Bearer {signed_with_the_public_key()}", published(), InvalidToken),
    ("another secret", "Bearer " + jwt.encode(claims(), "x" * 40, algorithm="HS256"), shared(), InvalidToken),
    ("wrong issuer", f"Bearer {hs256(iss='https://evil.example')}", shared(), InvalidToken),
    ("no issuer", f"Bearer {hs256(iss=...)}", shared(), InvalidToken),
    ("wrong audience", f"Bearer {hs256(aud='another')}", shared(), InvalidToken),
    ("no audience", f"Bearer {hs256(aud=...)}", shared(), InvalidToken),
    ("wrong type", f"Bearer {hs256(headers={'typ': 'logout+jwt'})}", shared(), InvalidToken),
    ("expired", f"Bearer {hs256(exp=ago(minutes=5))}", shared(), ExpiredToken),
    ("no expiry", f"Bearer {hs256(exp=...)}", shared(), InvalidToken),
    ("not yet valid", f"Bearer {hs256(nbf=datetime.now(UTC) + timedelta(days=1))}", shared(), InvalidToken),
    ("no subject", f"Bearer {hs256(sub=...)}", shared(), InvalidToken),
    ("no organisations", f"Bearer {hs256(org_ids=...)}", shared(), InvalidToken),
    ("empty organisations", f"Bearer {hs256(org_ids=[])}", shared(), InvalidToken),
    ("an organisation that is no UUID", f"Bearer {hs256(org_ids=['*'])}", shared(), InvalidToken),
    ("an organisation in two brackets", f"Bearer {hs256(org_ids=['{{' + ORG + '}}'])}", shared(), InvalidToken),
    ("organisations as text", f"Bearer {hs256(org_ids=ORG)}", shared(), InvalidToken),
    ("unknown role", f"Bearer {hs256(role='root')}", shared(), InvalidToken),
    (
        "kid that is a path",
        "Bearer " + jwt.encode(claims(), RSA_KEY, algorithm="RS256", headers={"kid": "../../etc/passwd"}),
        published(),
        InvalidToken,
    ),
    (
        "RS256 where a secret is shared",
        "Bearer " + jwt.encode(claims(), RSA_KEY, algorithm="RS256", headers={"kid": "rsa"}),
        shared(),
        InvalidToken,
    ),
]


@pytest.mark.parametrize(
    ("authorization", "rules", "kind"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_each_invalid_token_is_refused_as_its_own_error(
    authorization: str | None, rules: TokenRules, kind: type[RollcallError]
) -> None:
    """Each invalid token raises the error of its fault."""
    with pytest.raises(kind) as raised:
        verify(authorization, rules)
    assert type(raised.value) is kind


def test_keys_that_cannot_be_read_are_no_fault_of_the_token() -> None:
    """A client keeps its token and comes back: 503, not 401."""

    def away() -> str:
        raise SecretUnavailable

    with pytest.raises(KeysUnavailable):
        verify(f"Bearer {hs256()}", shared(secret=away))


@pytest.mark.parametrize(
    "answer",
    [ConnectionResetError(), json.JSONDecodeError("no JSON", "<html>", 0), jwt.PyJWKSetError("no keys")],
    ids=lambda answer: type(answer).__name__,
)
def test_a_provider_that_answers_no_key_set_is_no_fault_of_the_token(answer: Exception) -> None:
    """It hangs up, or a page of its maintenance comes back: 503, so that no client throws its token away."""

    class BrokenKeys:
        def get_signing_key_from_jwt(self, token: str) -> jwt.PyJWK:
            raise answer

    token = jwt.encode(claims(), RSA_KEY, algorithm="RS256", headers={"kid": "rsa"})
    with pytest.raises(KeysUnavailable):
        verify(f"Bearer {token}", replace(published(), key_set=BrokenKeys()))
