"""CookieKey: the key that signs cookies; ``keys emergency`` renews it in running processes."""

import logging
import secrets
from pathlib import Path

from webapp.core.digests import derive
from webapp.settings import InstanceError, Settings, private_files

log = logging.getLogger(__name__)

GENERATION = "cookie_generation"


class CookieKey:
    """The secret key itself, until it is renewed: then a key derived from it and from the generation in a file.

    The secret key itself does not change, because stored data is encrypted with it.
    """

    def __init__(self, settings: Settings) -> None:
        self._instance, self._secret_key = settings.instance, settings.secret_key
        self._path = str(settings.instance / GENERATION)
        # A key from the settings may be in use on other machines, which would not see this file.
        self.is_ours = (private_files.read(settings.instance / "secret_key") or "").strip() == settings.secret_key
        self._stamp = private_files.stamp(self._path)
        self._current = self._read() if self.is_ours else settings.secret_key

    def current(self) -> str:
        """The present key. Called for every cookie, so it costs one stat call only."""
        if self.is_ours and (stamp := private_files.stamp(self._path)) != self._stamp:
            self._reload(stamp)
        return self._current

    def renew(self) -> bool:
        """Invalidate every cookie, in every process, from the next request on. False if the key is a setting."""
        if self.is_ours:
            private_files.write(self._instance / GENERATION, secrets.token_urlsafe(32) + "\n")
        return self.is_ours

    def _reload(self, stamp: tuple[int, ...]) -> None:
        self._stamp = stamp
        try:
            # A removed file must not make old cookies valid again.
            self._current = self._read() if stamp else self._current
        except InstanceError:
            log.exception("cookie generation unreadable")

    def _read(self) -> str:
        generation = private_files.read(Path(self._path))
        return derive(self._secret_key, f"cookies: {generation.strip()}").hex() if generation else self._secret_key
