"""Passwords: hash and verify them with argon2id in equal time, and decide which may be chosen."""

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from webapp.accounts import foreign_hashes, password_strength
from webapp.accounts.context_words import context_words_of, word_contained
from webapp.accounts.foreign_hashes import cost_of
from webapp.accounts.password_hasher import HASHER, hash_of_nobody
from webapp.accounts.password_normalization import (
    LONGEST,
    LONGEST_TYPED,
    CharacterDisallowed,
    compared_forms,
    normalized_password,
)
from webapp.accounts.well_known_passphrases import is_well_known
from webapp.core.fair_slots import FairSlots, NoSlotFree
from webapp.core.thread_priority import lower_priority
from webapp.core.translation import _
from webapp.guard.assurance import Demands, Level

RESPONSE_INTERVAL = timedelta(milliseconds=50)


class RefusedPassword(Exception):
    """The password may not be chosen. The message is for the person who chose it."""


class TooBusy(Exception):
    """Too many logins wait for a hash in this process."""


@dataclass(slots=True)
class Passwords:
    """Hashes and verifies passwords, with a limit on how many run or wait at once.

    Each hash takes 19 MiB and one core. Further requests are refused, so that logins never occupy every thread of the
    process.
    """

    at_once: int
    minimum: int
    hasher: PasswordHasher = field(default_factory=lambda: HASHER)
    waiting: int = 2
    """How many further requests may wait for a slot."""
    minimum_with_second_factor: int = 8
    demands: Demands = field(default_factory=Demands)
    response_interval: timedelta = RESPONSE_INTERVAL
    """Refusals are sent at whole multiples of it after the request: their timing does not show what was checked."""
    flask_security_salt: str = ""
    """``SECURITY_PASSWORD_SALT`` of the Flask-Security that imported hashes come from."""
    network: Callable[[], str | None] = field(default=lambda: None)
    """The network of the current request; each network gets a fair share of the slots."""
    on_place: Callable[[int], None] = field(default=lambda _change: None)
    """Called with 1 for a slot that is taken, -1 for one that is free again, 0 for a request that gets none."""
    _places: FairSlots = field(init=False)
    _hands: ThreadPoolExecutor = field(init=False)
    """Separate threads, of lower priority; without ``core.allocator``, each that has ever hashed keeps its memory."""
    _thread_state: threading.local = field(init=False, default_factory=threading.local)
    _nobodys: str = field(init=False)
    _slowest: float = field(init=False, default=0.0)
    """Seconds that the slowest comparison has taken in this process."""

    def __post_init__(self) -> None:
        self._places = FairSlots(self.at_once + self.waiting)
        self._hands = ThreadPoolExecutor(self.at_once, thread_name_prefix="hash", initializer=lower_priority)
        self.use_hasher(self.hasher)

    def use_hasher(self, hasher: PasswordHasher) -> None:
        """Hash with other parameters from now on, also where there is no user to compare with."""
        self.hasher, self._nobodys = hasher, hash_of_nobody(hasher)

    def hash(self, password: str) -> str:
        """A hash of the normalized password."""
        with self.place():
            return self._hands.submit(self.hasher.hash, compared_forms(password)[0]).result()

    def verify(self, password: str, hashed: str | None, *, as_slow_as: str | None = None) -> bool:
        """Whether this is the password. Without a hash it takes as long, so that timing shows no existing names.

        Args:
            as_slow_as: an imported hash. What does not match is also compared with it, unless that took as long.
        """
        foreign = hashed if hashed and foreign_hashes.is_foreign(hashed) else None
        local_hash = self._nobodys if foreign or not hashed else hashed
        with self.place():
            matches = any(self._matches(form, local_hash) for form in compared_forms(password))
            if foreign:
                # Besides, because some take no time at all. Other programs hash what was typed.
                matches = self._matches(compared_forms(password)[-1], foreign)
            if as_slow_as and not matches and cost_of(foreign or "") != cost_of(as_slow_as):
                self._matches(compared_forms(password)[-1], as_slow_as)
        return matches and bool(hashed)

    def _matches(self, form: str, hashed: str) -> bool:
        with self.place():
            return self._hands.submit(self._compare, form, hashed).result()

    def _compare(self, form: str, hashed: str) -> bool:
        """Compare in a thread for hashes."""
        began = time.monotonic()
        try:
            if foreign_hashes.is_foreign(hashed):
                return foreign_hashes.matches(form, hashed, signing_key=self.flask_security_salt)
            return self.hasher.verify(hashed, form)
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._slowest = max(self._slowest, time.monotonic() - began)

    def wait_for_interval(self, received_at: float, *, costliest: int) -> None:
        """Sleep until the next multiple of the interval of refusals after the request.

        Args:
            received_at: when the request was received, by ``time.monotonic``.
            costliest: milliseconds that the slowest check of an imported hash takes, about.
        """
        if self.response_interval:
            interval = self.interval(costliest).total_seconds()
            time.sleep(interval - (time.monotonic() - received_at) % interval)

    def interval(self, costliest: int) -> timedelta:
        """The interval of refusals, long enough to hide whether the hash of an account was imported."""
        longest = foreign_hashes.longest_check(costliest, slowest=self._slowest)
        return max(self.response_interval, math.ceil(longest / RESPONSE_INTERVAL) * RESPONSE_INTERVAL)

    def needs_rehash(self, hashed: str, password: str) -> bool:
        """Whether a hash was imported, has other parameters than today's, or is not of the normalized form.

        Args:
            password: as typed, and right.
        """
        if foreign_hashes.is_foreign(hashed) or self.hasher.check_needs_rehash(hashed):
            return True
        normalized, *other_forms = compared_forms(password)
        return bool(other_forms) and not self._matches(normalized, hashed)

    def least_for(self, roles: Iterable[str]) -> int:
        """Minimum length for a user with these roles. Shorter if the roles always require a second factor."""
        is_half = self.demands.of_roles(roles) > Level.ONE
        return min(self.minimum, self.minimum_with_second_factor) if is_half else self.minimum

    def check(
        self, password: str, *, username: str = "", email: str = "", site_name: str = "", roles: Iterable[str] = ()
    ) -> None:
        """Check that a password may be chosen: length, leaked and common passwords, names of the user or site.

        SP 800-63B-4 §3.1.1.2.

        Args:
            roles: all roles that the user has, or will have.

        Raises:
            RefusedPassword
            TooBusy
        """
        password = allowed(password)
        if len(password) < (least := self.least_for(roles)):
            raise RefusedPassword(
                _(
                    "A password needs at least %(least)s characters. A few random words are easy to remember.",
                    least=least,
                )
            )
        if len(set(password)) < 4:
            raise RefusedPassword(_("It repeats the same few characters."))
        if word := word_contained(password, context_words_of(username, email, site_name)):
            raise RefusedPassword(_("It contains “%(word)s”, which is easy to guess.", word=word))
        with self.place():
            is_breached = password_strength.is_breached(password)
            is_easy = password_strength.is_easily_guessed(password)
        if is_breached:
            raise RefusedPassword(_("It is on a list of leaked passwords, so attackers try it first. Choose another."))
        if is_well_known(password):
            raise RefusedPassword(_("It is a well-known phrase, so attackers try it first. Choose words at random."))
        if is_easy:
            raise RefusedPassword(_("It is a common password, word, name, date or pattern, so attackers try it first."))

    def estimate(self, password: str, context_words: Iterable[str]) -> int:
        """How hard a password is to guess, from 0 to 4. Takes a slot, because it costs as much CPU time as ten
        requests.

        Raises:
            TooBusy
        """
        with self.place():
            return password_strength.estimate(compared_forms(password)[0], context_words)

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the slots for hashing; nested calls of a thread share one.

        Raises:
            TooBusy: all are taken, or the network of the request has its share of them.
        """
        if getattr(self._thread_state, "is_held", False):
            yield
            return
        with ExitStack() as cleanup:
            try:
                cleanup.enter_context(self._places.hold(self.network()))
            except NoSlotFree as error:
                self.on_place(0)
                raise TooBusy from error
            self.on_place(1)
            self._thread_state.is_held = True
            cleanup.callback(setattr, self._thread_state, "is_held", False)
            cleanup.callback(self.on_place, -1)
            yield


def allowed(typed: str) -> str:
    """The normalized form of a new password. Its length and all other rules are about this form.

    Raises:
        RefusedPassword: it is too long, or has characters that passwords cannot have.
    """
    too_long = _("A password can have at most %(most)s characters.", most=LONGEST)
    if len(typed) > LONGEST_TYPED:
        raise RefusedPassword(too_long)
    try:
        password = normalized_password(typed)
    except CharacterDisallowed as error:
        raise RefusedPassword(
            _(
                "It contains an invisible, control or very new character (%(character)s), which cannot be typed the "
                "same way everywhere. Leave it out.",
                character=error,
            )
        ) from error
    if len(password) > LONGEST:
        raise RefusedPassword(too_long)
    return password
