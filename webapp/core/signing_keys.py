"""SigningKey: one key with its ID and times, and its JSON form in the key file."""

import base64
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from webapp.core.key_material import FAMILIES, Private, Public, load, private_pem, public_pem, thumbprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    kid: str
    algorithm: str
    private: Private | bytes | None = field(repr=False)
    """None once the key only verifies; HS256 keeps it, as it needs the secret to verify."""
    public: Public | None = field(default=None, repr=False)
    created_at: datetime | None = None
    """None for a key from the settings."""
    retired_at: datetime | None = None
    """When it stopped signing; since then it only verifies."""
    ends_at: datetime | None = None
    """When it stops verifying."""

    @property
    def verifying(self) -> Public | bytes:
        """The key that verifies its signatures."""
        return self.public if self.public is not None else cast(bytes, self.private)

    @property
    def may_sign(self) -> bool:
        return self.retired_at is None and self.private is not None

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and now >= self.ends_at

    def retired(self, now: datetime, *, overlap: timedelta) -> "SigningKey":
        # The private key is no longer needed, and what is not stored cannot be stolen.
        private = self.private if self.public is None else None
        return replace(self, private=private, retired_at=now, ends_at=now + overlap)


def generate(algorithm: str, now: datetime) -> SigningKey:
    """A new key whose ``kid`` does not begin with a dash, so that no program reads it as an option."""
    if algorithm == "HS256":
        kid, private = secrets.token_hex(16), secrets.token_bytes(32)
        return SigningKey(kid=kid, algorithm=algorithm, private=private, created_at=now)
    # The kid is the thumbprint of the key (RFC 7638), and one in 64 begins with a dash: generate another.
    while (key := asymmetric(FAMILIES[algorithm].make(), algorithm=algorithm, created_at=now)).kid.startswith("-"):
        pass
    return key


def asymmetric(key: Private | Public, *, algorithm: str, **times: Any) -> SigningKey:
    if isinstance(key, Private):
        public = key.public_key()
        kid = thumbprint(public, algorithm=algorithm)
        return SigningKey(kid=kid, algorithm=algorithm, private=key, public=public, **times)
    kid = thumbprint(key, algorithm=algorithm)
    return SigningKey(kid=kid, algorithm=algorithm, private=None, public=key, **times)


def to_json(key: SigningKey) -> dict[str, Any]:
    times = {name: getattr(key, name) for name in ("created_at", "retired_at", "ends_at")}
    head = {"kid": key.kid, "algorithm": key.algorithm}
    return head | {name: at and at.isoformat() for name, at in times.items()} | {"key": written(key)}


def written(key: SigningKey) -> str:
    if isinstance(key.private, bytes):
        return base64.b64encode(key.private).decode()
    return private_pem(key.private) if key.private else public_pem(cast(Public, key.public))


def from_json(entry: dict[str, Any]) -> SigningKey:
    """Raises ``KeyUnfit``, ``ValueError``, ``KeyError`` or ``TypeError`` for invalid entries."""
    times: dict[str, Any] = {name: instant(entry[name]) for name in ("created_at", "retired_at", "ends_at")}
    if entry["algorithm"] == "HS256":
        private = base64.b64decode(entry["key"], validate=True)
        return SigningKey(kid=entry["kid"], algorithm="HS256", private=private, **times)
    return asymmetric(load(entry["key"], algorithm=entry["algorithm"]), algorithm=entry["algorithm"], **times)


def instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
