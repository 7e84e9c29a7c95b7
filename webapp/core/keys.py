"""KeyRing: the keys that sign and verify tokens, by ``kid``; one of them is current."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from webapp.core import clock
from webapp.core.digests import derive
from webapp.core.key_material import InvalidKey, Public, load, public_jwk
from webapp.core.signing_keys import SigningKey, asymmetric
from webapp.settings import Settings, SettingsError, checks

__all__ = ["ConfiguredRing", "KeyRing", "RotationRefused", "SigningKey", "configured_ring"]

PEM = re.compile(r"-----BEGIN (?!EC PARAMETERS)([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


class RotationRefused(Exception):
    """The key cannot be rotated or retired. The message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class KeyView:
    """An immutable snapshot of the keys, replaced as a whole so that threads see the old or the new one."""

    current: SigningKey
    """The key that signs."""

    keys: tuple[SigningKey, ...]
    by_kid: dict[str, SigningKey]
    version: str
    until: datetime | None
    """When the next key begins to sign, retires or ends, if any does."""


def view_of(keys: list[SigningKey], now: datetime) -> KeyView:
    live = tuple(replace(key, may_sign=key.signs_at(now)) for key in keys if not key.has_ended(now))
    current = next((key for key in live if key.may_sign), keys[0])
    by_kid = {key.kid: key for key in live}
    changes = [
        at for key in live for at in (key.signs_from, key.retired_at, key.ends_at) if at is not None and at > now
    ]
    return KeyView(current, live, by_kid, " ".join(by_kid), min(changes, default=None))


class KeyRing(ABC):
    @abstractmethod
    def view(self) -> KeyView: ...

    @abstractmethod
    def rotate(self, db: Session, overlap: timedelta, *, signs_after: timedelta = timedelta()) -> SigningKey:
        """Create a new signing key.

        Args:
            overlap: for how long the old key verifies after it stopped signing.
            signs_after: for how long the new key is only published before it signs.

        Raises:
            RotationRefused: the keys come from the settings, or another new key does not sign yet.
        """

    @abstractmethod
    def replace(self, db: Session) -> SigningKey:
        """Create a new signing key and remove all others at once, including those in their overlap.

        Raises:
            RotationRefused: the keys come from the settings.
        """

    @abstractmethod
    def retire(self, db: Session, kid: str) -> None:
        """End the overlap of an old key now.

        Raises:
            RotationRefused: it is the signing key, is unknown, or comes from the settings.
        """

    @property
    def version(self) -> str:
        """A value that changes whenever the set of keys changes."""
        return self.view().version

    def keys(self) -> tuple[SigningKey, ...]:
        return self.view().keys

    def current(self) -> SigningKey:
        return self.view().current

    def find(self, kid: str) -> SigningKey | None:
        return self.view().by_kid.get(kid)

    def jwks(self) -> dict[str, Any]:
        """The public keys (RFC 7517 §5); HS256 has none."""
        return {"keys": [published(key, key.public) for key in self.keys() if key.public is not None]}


def published(key: SigningKey, public: Public) -> dict[str, Any]:
    return public_jwk(public, algorithm=key.algorithm) | {"kid": key.kid, "use": "sig", "alg": key.algorithm}


class ConfiguredRing(KeyRing):
    """Keys from the settings: the first one signs, the others verify."""

    def __init__(self, text: str, *, algorithm: str) -> None:
        keys = secrets_in(text) if algorithm == "HS256" else keys_in(text, algorithm=algorithm)
        if not keys or keys[0].private is None:
            raise SettingsError("WEBAPP_SIGNING_KEY must begin with a private key in PEM.")
        self._view = view_of(keys, clock.now())

    def view(self) -> KeyView:
        return self._view

    def rotate(self, db: Session, overlap: timedelta, *, signs_after: timedelta = timedelta()) -> SigningKey:  # noqa: ARG002 - the ring's
        raise RotationRefused("The signing keys come from WEBAPP_SIGNING_KEY. Add a new key before them there.")

    def replace(self, db: Session) -> SigningKey:  # noqa: ARG002 - the ring's
        raise RotationRefused("The signing keys come from WEBAPP_SIGNING_KEY. Replace them there.")

    def retire(self, db: Session, kid: str) -> None:  # noqa: ARG002 - the ring's
        raise RotationRefused("The signing keys come from WEBAPP_SIGNING_KEY. Remove the old key there.")


def configured_ring(settings: Settings) -> ConfiguredRing | None:
    """The signing keys of WEBAPP_SIGNING_KEY; None if it is not set.

    Raises:
        SettingsError: WEBAPP_SIGNING_KEY has no keys that fit.
    """
    return ConfiguredRing(settings.signing_key, algorithm=settings.signing_algorithm) if settings.signing_key else None


def secrets_in(text: str) -> list[SigningKey]:
    secrets = re.split(r"[,\s]+", text.strip())
    for secret in secrets:
        checks.secret(secret, variable="WEBAPP_SIGNING_KEY")
    # Every process must derive the same kid from a secret, and the kid must not reveal the secret.
    kids = [derive(secret, "key id").hex()[:32] for secret in secrets]
    return [
        SigningKey(kid=kid, algorithm="HS256", private=secret.encode())
        for kid, secret in zip(kids, secrets, strict=True)
    ]


def keys_in(text: str, *, algorithm: str) -> list[SigningKey]:
    # An environment variable may contain its line breaks as \n.
    blocks = [match[0] for match in PEM.finditer(text.replace("\\n", "\n"))]
    try:
        return [asymmetric(load(block, algorithm=algorithm), algorithm=algorithm) for block in blocks]
    except InvalidKey as error:
        raise SettingsError(f"WEBAPP_SIGNING_KEY {error}.") from error
