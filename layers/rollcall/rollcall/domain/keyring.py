"""Keyrings: secrets by key id, and which of them is in use. How a key is rotated without losing what it made before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from rollcall.errors import ConfigurationInvalid

SECRET_CHARACTERS_MIN = 32


@dataclass(frozen=True)
class Keyring:
    """The secrets by key id, and the id of the one that is in use."""

    current: str
    secrets: Mapping[str, str] = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse a keyring that would give weak keys or none.

        Raises:
            ConfigurationInvalid: a secret is too short, or there is none for the current key.

        """
        if self.current not in self.secrets:
            raise ConfigurationInvalid("The keys have no secret for the current key.")
        if any(len(secret.strip()) < SECRET_CHARACTERS_MIN for secret in self.secrets.values()):
            raise ConfigurationInvalid(f"A secret of the keys has fewer than {SECRET_CHARACTERS_MIN} characters.")

    @classmethod
    def read(cls, text: str) -> "Keyring":
        """Read `{"current": "k2", "k1": "<secret>", "k2": "<secret>"}`.

        Raises:
            ConfigurationInvalid: it is anything else, or a secret is too short.

        """
        try:
            document = json.loads(text)
        except ValueError:
            raise ConfigurationInvalid("The keys are not JSON.") from None
        if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
            raise ConfigurationInvalid("The keys are not an object of strings.")
        return cls(document.pop("current", ""), document)
