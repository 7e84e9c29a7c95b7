"""KeyRing: the keys that sign and verify tokens, by ``kid``; one of them is current."""

import json
import logging
import re
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from webapp.core import clock
from webapp.core.digests import derive
from webapp.core.key_material import KeyUnfit, Public, load, public_jwk
from webapp.core.signing_keys import SigningKey, asymmetric, from_json, generate, to_json
from webapp.settings import InstanceError, Settings, SettingsError, checks, private_files

__all__ = ["FileRing", "GivenRing", "KeyRing", "RotationRefused", "SigningKey", "ring_for"]

log = logging.getLogger(__name__)

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
    def rotate(self, overlap: timedelta, *, signs_after: timedelta = timedelta()) -> SigningKey:
        """Create a new signing key.

        Args:
            overlap: for how long the old key verifies after it stopped signing.
            signs_after: for how long the new key is only published before it signs.

        Raises:
            RotationRefused: the keys come from the settings, or another new key does not sign yet.
        """

    @abstractmethod
    def replace(self) -> SigningKey:
        """Create a new signing key and remove all others at once, including those in their overlap.

        Raises:
            RotationRefused: the keys come from the settings.
        """

    @abstractmethod
    def retire(self, kid: str) -> None:
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


class GivenRing(KeyRing):
    """Keys from the settings: the first one signs, the others verify."""

    def __init__(self, text: str, *, algorithm: str) -> None:
        given = secrets_in(text) if algorithm == "HS256" else keys_in(text, algorithm=algorithm)
        if not given or given[0].private is None:
            raise SettingsError("WEBAPP_SIGNING_KEY must begin with a private key in PEM.")
        self._view = view_of(given, clock.now())

    def view(self) -> KeyView:
        return self._view

    def rotate(self, overlap: timedelta, *, signs_after: timedelta = timedelta()) -> SigningKey:  # noqa: ARG002 - the ring's
        raise RotationRefused("The signing keys come from WEBAPP_SIGNING_KEY. Add a new key before them there.")

    def replace(self) -> SigningKey:
        raise RotationRefused("The signing keys come from WEBAPP_SIGNING_KEY. Replace them there.")

    def retire(self, kid: str) -> None:  # noqa: ARG002 - the ring's
        raise RotationRefused("The signing keys come from WEBAPP_SIGNING_KEY. Remove the old key there.")


def secrets_in(text: str) -> list[SigningKey]:
    words = re.split(r"[,\s]+", text.strip())
    for word in words:
        checks.secret(word, variable="WEBAPP_SIGNING_KEY")
    # Every process must derive the same kid from a secret, and the kid must not reveal the secret.
    kids = [derive(word, "key id").hex()[:32] for word in words]
    return [
        SigningKey(kid=kid, algorithm="HS256", private=word.encode()) for kid, word in zip(kids, words, strict=True)
    ]


def keys_in(text: str, *, algorithm: str) -> list[SigningKey]:
    # An environment variable may contain its line breaks as \n.
    blocks = [match[0] for match in PEM.finditer(text.replace("\\n", "\n"))]
    try:
        return [asymmetric(load(block, algorithm=algorithm), algorithm=algorithm) for block in blocks]
    except KeyUnfit as error:
        raise SettingsError(f"WEBAPP_SIGNING_KEY {error}.") from error


class FileRing(KeyRing):
    """Keys in a file of the instance folder, created at the first start; changes by other processes apply at once."""

    def __init__(self, instance: Path, *, algorithm: str, overlap: timedelta, name: str = "signing_keys") -> None:
        self._instance, self._algorithm, self._name = instance, algorithm, name
        self._path = str(instance / f"{name}.json")
        private_files.make_folder(instance)
        with private_files.locked(instance, name):
            keys, now = self._read(), clock.now()
            if not any(key.signs_at(now) and key.algorithm == algorithm for key in keys):
                self._write(self._rotated(keys, overlap=overlap))
        self._stamp = private_files.stamp(self._path)
        self._view = view_of(self._read(), clock.now())
        self._forget_private_keys()

    def view(self) -> KeyView:  # on every request: one stat call, and one look at the clock
        stamp = private_files.stamp(self._path)
        if stamp != self._stamp:
            self._reload(stamp)
        elif self._view.until is not None and clock.now() >= self._view.until:
            self._view = view_of(list(self._view.keys), clock.now())
        else:
            return self._view
        self._forget_private_keys()
        return self._view

    def rotate(self, overlap: timedelta, *, signs_after: timedelta = timedelta()) -> SigningKey:
        with private_files.locked(self._instance, self._name):
            keys = self._rotated(self._read(), overlap=overlap, signs_after=signs_after)
            self._write(keys)
        return keys[0]

    def replace(self) -> SigningKey:
        with private_files.locked(self._instance, self._name):
            key = generate(self._algorithm, clock.now())
            self._write([key])
        return key

    def retire(self, kid: str) -> None:
        with private_files.locked(self._instance, self._name):
            keys, now = self._read(), clock.now()
            old = next((key for key in keys if key.kid == kid and not key.has_ended(now)), None)
            if old is None:
                raise RotationRefused(f"There is no signing key {kid}.")
            if old.signs_at(now):
                raise RotationRefused(f"{kid} signs new tokens. Rotate it first: python -m webapp keys rotate")
            left = [key for key in keys if key.kid != kid]
            if old.is_pending(now):
                left = [key.kept_signing() if key.retired_at == old.signs_from else key for key in left]
            self._write(left)

    def _rotated(
        self, keys: list[SigningKey], *, overlap: timedelta, signs_after: timedelta = timedelta()
    ) -> list[SigningKey]:
        now = clock.now()
        signs_from = now + signs_after
        live = [key for key in keys if not key.has_ended(now)]
        if signs_after and (pending := next((key for key in live if key.is_pending(now)), None)):
            raise RotationRefused(f"The new key {pending.kid} does not sign yet. See: python -m webapp keys list")
        used = [key for key in live if not key.is_pending(now)]
        retired = [key if key.is_retired(now) else key.retired(signs_from, overlap=overlap) for key in used]
        return [generate(self._algorithm, now, signs_from=signs_from if signs_after else None), *retired]

    def _forget_private_keys(self) -> None:
        """Remove private keys that no longer sign from the file, if it can be written."""
        if any(key.is_retired(clock.now()) and key.has_spare_private for key in self._view.keys):
            with suppress(InstanceError), private_files.locked(self._instance, self._name):
                if keys := self._read():
                    self._write(keys)

    def _reload(self, stamp: tuple[int, ...]) -> None:
        # The stamp was taken before reading the file, so a change in between is read again, never missed.
        self._stamp = stamp
        try:
            keys = self._read()
        except InstanceError:
            log.exception("signing keys unreadable")
            return
        # If the file was removed, the known keys stay in use until the next start, so that nobody is locked out.
        if keys:
            self._view = view_of(keys, clock.now())

    def _read(self) -> list[SigningKey]:
        text = private_files.read(Path(self._path))
        if text is None:
            return []
        try:
            return [from_json(entry) for entry in json.loads(text)["keys"]]
        except (KeyUnfit, ValueError, KeyError, TypeError) as error:
            raise InstanceError(f"{self._path} is damaged. Restore it, or remove it to create new keys.") from error

    def _write(self, keys: list[SigningKey]) -> None:
        kept = [key.without_private() if key.is_retired(clock.now()) else key for key in keys]
        private_files.write(Path(self._path), json.dumps({"keys": [to_json(key) for key in kept]}, indent=2) + "\n")


def ring_for(settings: Settings) -> KeyRing:
    if settings.signing_key:
        return GivenRing(settings.signing_key, algorithm=settings.signing_algorithm)
    return FileRing(settings.instance, algorithm=settings.signing_algorithm, overlap=settings.token_lifetime_max)
