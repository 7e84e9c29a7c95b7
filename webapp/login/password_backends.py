"""Passwords verified by an identity provider, of your own or LDAP: bounded in time and concurrency."""

import logging
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from threading import BoundedSemaphore, Thread

from webapp.accounts.password_backend import Identity, ProviderFailed
from webapp.accounts.password_normalization import LONGEST
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database
from webapp.login.ldap_directory import LdapDirectory
from webapp.login.password_authenticator import PasswordAuthenticator
from webapp.settings import Settings, SettingsError
from webapp.settings.references import load_reference

log = logging.getLogger(__name__)

Authenticate = Callable[[str, str], Identity | None]
Answer = Future[Identity | None]
# Longer than a local comparison and than most directories take, so that timing does not show who was looked up where.
RESPONSE_INTERVAL = timedelta(seconds=0.4)


class Unreachable(Exception):
    """The provider failed, timed out, or has too many calls running already."""


def password_authenticator_for(settings: Settings, database: Database, passwords: Passwords) -> PasswordAuthenticator:
    """The password authentication of this site, with the identity provider if one is set.

    Raises:
        SettingsError: the provider cannot be used.
    """
    ask = authenticate_of(settings)
    if ask is None:
        return PasswordAuthenticator(database, passwords)
    provider = ExternalIdentityProvider(ask, settings.identity_timeout, passwords.at_once + passwords.waiting)
    passwords.response_interval = RESPONSE_INTERVAL
    return PasswordAuthenticator(database, passwords, provider)


def authenticate_of(settings: Settings) -> Authenticate | None:
    """What verifies passwords that this site does not keep; None if it keeps all of them.

    Raises:
        SettingsError
    """
    return LdapDirectory(settings).authenticate if settings.ldap_url else load_authenticate(settings.identity_provider)


def load_authenticate(setting: str) -> Authenticate | None:
    """The function that ``package.module:name`` names, or the ``authenticate`` method of an object of that name.

    Raises:
        SettingsError
    """
    if not setting:
        return None
    found = load_reference(setting, variable="WEBAPP_IDENTITY_PROVIDER")
    authenticate = getattr(found, "authenticate", found)
    if isinstance(found, type) or not callable(authenticate):
        raise SettingsError(
            f"WEBAPP_IDENTITY_PROVIDER names {setting}, which is neither a function nor an object with authenticate."
        )
    function: Authenticate = authenticate
    return function


@dataclass(slots=True)
class ExternalIdentityProvider:
    ask: Authenticate
    timeout: timedelta
    at_once: int
    """Concurrent calls of the identity provider, including those that have timed out and still run."""
    _places: BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        self._places = BoundedSemaphore(self.at_once)

    def authenticate(self, identifier: str, password: str) -> Identity | None:
        """Call the identity provider in a thread, with a timeout.

        Raises:
            Unreachable
        """
        # An LDAP bind without a password is an unauthenticated bind, which succeeds (RFC 4513 §5.1.2).
        if not password.strip() or len(password) > LONGEST:
            return None
        if not self._places.acquire(blocking=False):
            log.error("identity provider is busy")
            raise Unreachable
        answer: Answer = Future()
        # No thread pool, because it would wait for hanging calls when the process exits.
        Thread(target=self.call, args=(answer, identifier, password), daemon=True).start()
        try:
            return checked(answer.result(self.timeout.total_seconds()))
        except (Exception, SystemExit) as error:
            # Only where it was raised: message and values may contain the password.
            frame = traceback.extract_tb(error.__traceback__)[-1]
            fields = {"error": type(error).__name__, "where": f"{frame.filename}:{frame.lineno}"}
            fields |= {"reason": str(error)} if isinstance(error, ProviderFailed) else {}
            log.error("identity provider failed", extra={"fields": fields})
            raise Unreachable from None

    def call(self, answer: Answer, identifier: str, password: str) -> None:
        try:
            answer.set_result(self.ask(identifier, password))
        except BaseException as error:
            answer.set_exception(error)
        finally:
            self._places.release()


def checked(answer: object) -> Identity | None:
    if answer is None or isinstance(answer, Identity):
        return answer
    raise TypeError("neither an Identity nor None")
