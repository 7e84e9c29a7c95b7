"""SigningKey: one key with its ID and times, and the JSON form in which keys are stored."""

import base64
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from webapp.core.key_material import FAMILIES, InvalidKey, Private, Public, load, private_pem, public_pem, thumbprint

TIMES = ("created_at", "signs_from", "retired_at", "ends_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    kid: str
    algorithm: str
    private: Private | bytes | None = field(repr=False)
    """None once the key only verifies; HS256 keeps it, as it needs the secret to verify."""
    public: Public | None = field(default=None, repr=False)
    created_at: datetime | None = None
    """None for a key from the settings."""
    signs_from: datetime | None = None
    """When it begins to sign; until then it is only published. None if it signed at once."""
    retired_at: datetime | None = None
    """When it stops signing; from then on it only verifies."""
    ends_at: datetime | None = None
    """When it stops verifying."""
    may_sign: bool = True
    """Whether it signed when the ring was last looked at; a thread that chose it then may still sign a moment later."""

    @property
    def verifying(self) -> Public | bytes:
        """The key that verifies its signatures."""
        return self.public if self.public is not None else cast(bytes, self.private)

    def signs_at(self, now: datetime) -> bool:
        return self.private is not None and not self.is_pending(now) and not self.is_retired(now)

    def is_pending(self, now: datetime) -> bool:
        return self.signs_from is not None and now < self.signs_from

    def is_retired(self, now: datetime) -> bool:
        return self.retired_at is not None and now >= self.retired_at

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and now >= self.ends_at

    def retired(self, at: datetime, *, overlap: timedelta) -> "SigningKey":
        return replace(self, retired_at=at, ends_at=at + overlap)

    def kept_signing(self) -> "SigningKey":
        """The key, if the one that was to replace it was withdrawn."""
        return replace(self, retired_at=None, ends_at=None)

    @property
    def has_spare_private(self) -> bool:
        """Whether it has a private key that is not needed to verify."""
        return self.private is not None and self.public is not None

    def without_private(self) -> "SigningKey":
        """A key that only verifies: what is not stored cannot be stolen. HS256 needs its secret to verify."""
        return self if self.public is None else replace(self, private=None)


def generate(algorithm: str, now: datetime, *, signs_from: datetime | None = None) -> SigningKey:
    """A new key whose ``kid`` does not begin with a dash, so that no program reads it as an option."""
    times: dict[str, Any] = {"created_at": now, "signs_from": signs_from}
    if algorithm == "HS256":
        kid, private = secrets.token_hex(16), secrets.token_bytes(32)
        return SigningKey(kid=kid, algorithm=algorithm, private=private, **times)
    # The kid is the thumbprint of the key (RFC 7638), and one in 64 begins with a dash: generate another.
    while (key := asymmetric(FAMILIES[algorithm].make(), algorithm=algorithm, **times)).kid.startswith("-"):
        pass
    return key


def asymmetric(key: Private | Public, *, algorithm: str, **times: Any) -> SigningKey:
    if isinstance(key, Private):
        public = key.public_key()
        kid = thumbprint(public, algorithm=algorithm)
        return SigningKey(kid=kid, algorithm=algorithm, private=key, public=public, **times)
    kid = thumbprint(key, algorithm=algorithm)
    return SigningKey(kid=kid, algorithm=algorithm, private=None, public=key, **times)


def text_of(keys: Iterable[SigningKey]) -> str:
    """The keys as JSON."""
    return json.dumps({"keys": [to_json(key) for key in keys]})


def keys_of(text: str) -> list[SigningKey]:
    """The keys of a JSON text.

    Raises:
        ValueError: it is damaged.
    """
    try:
        return [from_json(entry) for entry in json.loads(text)["keys"]]
    except (InvalidKey, KeyError, TypeError) as error:
        raise ValueError("the keys are damaged") from error


def to_json(key: SigningKey) -> dict[str, Any]:
    times = {name: getattr(key, name) for name in TIMES}
    head = {"kid": key.kid, "algorithm": key.algorithm}
    return head | {name: at and at.isoformat() for name, at in times.items()} | {"key": key_as_text(key)}


def key_as_text(key: SigningKey) -> str:
    if isinstance(key.private, bytes):
        return base64.b64encode(key.private).decode()
    return private_pem(key.private) if key.private else public_pem(cast(Public, key.public))


def from_json(entry: dict[str, Any]) -> SigningKey:
    """Raises ``InvalidKey``, ``ValueError``, ``KeyError`` or ``TypeError`` for invalid entries."""
    # Those of earlier versions have no ``signs_from``.
    times: dict[str, Any] = {name: instant(({"signs_from": None} | entry)[name]) for name in TIMES}
    if entry["algorithm"] == "HS256":
        private = base64.b64decode(entry["key"], validate=True)
        return SigningKey(kid=entry["kid"], algorithm="HS256", private=private, **times)
    return asymmetric(load(entry["key"], algorithm=entry["algorithm"]), algorithm=entry["algorithm"], **times)


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
