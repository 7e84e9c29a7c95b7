"""CookieKey: what signs cookies; where the secret key is our own file, it is renewed under running processes."""

import logging
import secrets
from pathlib import Path

from webapp.core.digests import derive
from webapp.settings import InstanceError, Settings, private_files

log = logging.getLogger(__name__)

GENERATION = "cookie_generation"


class CookieKey:
    """The secret key itself, until it is renewed: then one derived from it and from the generation in a file.

    The secret key stays, because what is sealed with it must be read again.
    """

    def __init__(self, settings: Settings) -> None:
        self._instance, self._secret_key = settings.instance, settings.secret_key
        self._path = str(settings.instance / GENERATION)
        # A key that was given may serve on other machines too, which would not see our file.
        self.is_ours = (private_files.read(settings.instance / "secret_key") or "").strip() == settings.secret_key
        self._stamp = private_files.stamp(self._path)
        self._current = self._read() if self.is_ours else settings.secret_key

    def current(self) -> str:
        """Asked with every cookie: one stat."""
        if self.is_ours and (stamp := private_files.stamp(self._path)) != self._stamp:
            self._reload(stamp)
        return self._current

    def renew(self) -> bool:
        """Make every cookie void, in every process, with its next request; False where the key is not ours."""
        if self.is_ours:
            private_files.write(self._instance / GENERATION, secrets.token_urlsafe(32) + "\n")
        return self.is_ours

    def _reload(self, stamp: tuple[int, ...]) -> None:
        self._stamp = stamp
        try:
            # Whoever removed the file did not mean to bring back what was void.
            self._current = self._read() if stamp else self._current
        except InstanceError:
            log.exception("cookie generation unreadable")

    def _read(self) -> str:
        generation = private_files.read(Path(self._path))
        return derive(self._secret_key, f"cookies: {generation.strip()}").hex() if generation else self._secret_key
