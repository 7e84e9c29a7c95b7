"""MailRequests: requests without a login that are answered by mail, carried out once, after the response.

What is looked up for them must not show in the time of the response. They are stored in its transaction, with the same
work for all, so that a process that is killed right after the response loses none: a job carries them out then.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session

from webapp.accounts import mail_limits, recovery, self_registration, user_queries
from webapp.accounts.models import MailRequest, User
from webapp.accounts.names import normalized_key
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.accounts.registration import NewUser
from webapp.audit.log import LONGEST_AGENT
from webapp.core.client_network import network_of
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.core.ratelimit import Limiter
from webapp.core.sealed_column import SealedColumn
from webapp.mail.mailer import Mailer
from webapp.sessions.user_agents import device_name

log = logging.getLogger(__name__)

WAIT = timedelta(minutes=1)
"""After this time a job takes over a request from the process that accepted it, and again from a job that failed."""
RETENTION = timedelta(days=1)
CONTENTS = SealedColumn("requests of mails", "mail request", MailRequest.id, MailRequest.sealed, MailRequest.id)

Effect = Callable[[Session], object]


class MailRequester(msgspec.Struct, frozen=True, kw_only=True):
    """Who sent the request, and when."""

    at: datetime
    ip_address: str | None
    user_agent: str

    @property
    def circumstances(self) -> RequestOrigin:
        return RequestOrigin(self.at, self.ip_address, device_name(self.user_agent))


class RecoveryByMail(msgspec.Struct, frozen=True, tag="recovery"):
    """A request for a mailed link that sets a new password."""

    requester: MailRequester
    identifier: str
    """User name or e-mail address, as it was typed."""


class RegistrationByMail(msgspec.Struct, frozen=True, tag="registration", kw_only=True):
    """A registration with an e-mail address, to be answered by mail."""

    requester: MailRequester
    username: str
    email: str
    password_hash: str
    role: str


class VerificationByMail(msgspec.Struct, frozen=True, tag="verification"):
    """A request for another verification link, after a login with the right password of an unverified account."""

    requester: MailRequester
    user_id: UUID


AnsweredByMail = RecoveryByMail | RegistrationByMail | VerificationByMail
DECODER: msgspec.json.Decoder[AnsweredByMail] = msgspec.json.Decoder(AnsweredByMail)


class MailRequests:
    def __init__(
        self, database: Database, encryptor: Encryptor, mailer: Mailer, limiter: Limiter, passwords: PasswordLoginPolicy
    ) -> None:
        self._database, self._encryptor = database, encryptor
        self._mailer, self._limiter, self._passwords = mailer, limiter, passwords

    def accept(self, db: Session, request: AnsweredByMail) -> UUID:
        """Store a request in the transaction of the response; its id, for ``carry_out`` after the response."""
        request_id = uuid4()
        sealed = self._encryptor.seal(msgspec.json.encode(request), belongs_to=str(request_id))
        db.add(MailRequest(id=request_id, sealed=sealed, created_at=now(), due_at=now() + WAIT))
        return request_id

    def carry_out(self, request_id: UUID) -> None:
        """Carry out a stored request, once: its row is deleted in the same transaction."""
        with self._database.read() as db:
            row = db.get(MailRequest, request_id)
        if row is None or (request := self._opened(row)) is None:
            return
        # Limits are counted in a transaction of their own, so before the one that writes.
        effect = self._prepared(request)
        with self._database.write() as db:
            deletion = delete(MailRequest).where(MailRequest.id == request_id).returning(MailRequest.id)
            if db.scalar(deletion) is not None:
                effect(db)

    def carry_out_due(self, db: Session) -> int:
        """A step of a job: carry out one request whose process has ended. Returns 0 if there is none."""
        db.execute(delete(MailRequest).where(MailRequest.created_at <= now() - RETENTION))
        oldest = select(MailRequest.id).where(MailRequest.due_at <= now()).order_by(MailRequest.due_at).limit(1)
        if (request_id := db.scalar(oldest)) is None:
            return 0
        # It stays, and is tried again, if it cannot be carried out.
        db.execute(update(MailRequest).where(MailRequest.id == request_id).values(due_at=now() + WAIT))
        event.listen(db, "after_commit", lambda _: self.carry_out(request_id), once=True)
        return 1

    def _opened(self, row: MailRequest) -> AnsweredByMail | None:
        try:
            content = self._encryptor.open(row.sealed, belongs_to=str(row.id))
        except DecryptionFailed:
            log.warning("mail request not readable with this secret key")
            return None
        return DECODER.decode(content)

    def _prepared(self, request: AnsweredByMail) -> Effect:
        match request:
            case RecoveryByMail():
                return self._recovery(request)
            case RegistrationByMail():
                return self._registration(request)
            case VerificationByMail():
                return self._verification(request)

    def _recovery(self, request: RecoveryByMail) -> Effect:
        """The same work whether or not the account exists, because its duration shows in the next request."""
        with self._database.read() as db:
            user = recovery.reachable(db, request.identifier, self._passwords)
        # Counted even over the limit: a missing write would be visible under the other name of the account.
        key = f"user:{user.id}" if user else f"nobody:{normalized_key(request.identifier)}"
        is_allowed = self._limiter.take(mail_limits.RESET_MAILED, key).allowed

        def effect(db: Session) -> None:
            owner = db.get(User, user.id if user else recovery.NOBODY)
            receives = owner if owner is not None and is_allowed else recovery.placeholder_user()
            recovery.send_link(db, self._mailer, receives, request.requester.circumstances)

        return effect

    def _registration(self, request: RegistrationByMail) -> Effect:
        if not mail_limits.may_mail_registration(
            self._limiter, request.email, network_of(request.requester.ip_address)
        ):
            return do_nothing
        new_user = NewUser(
            username=request.username,
            email=request.email,
            password_hash=request.password_hash,
            role=request.role,
            must_verify=True,
        )
        return partial(
            self_registration.begin, mailer=self._mailer, new=new_user, circumstances=request.requester.circumstances
        )

    def _verification(self, request: VerificationByMail) -> Effect:
        if not self._limiter.take_unless_over(mail_limits.MAILED, f"user:{request.user_id}").allowed:
            return do_nothing

        def effect(db: Session) -> None:
            user = user_queries.by_id(db, request.user_id)
            if user is not None and user.is_unverified and user.disabled_at is None:
                self_registration.send_link(db, self._mailer, user, request.requester.circumstances)

        return effect


def do_nothing(_db: Session) -> None:
    """The effect of a request over its limit: none."""


def discard_all(db: Session, *, before: datetime) -> int:
    """Discard the requests that were stored before a moment. Returns their number."""
    deletion = delete(MailRequest).where(MailRequest.created_at < before).returning(MailRequest.id)
    return len(db.scalars(deletion).all())


def requester_of(ip_address: str | None, user_agent: str) -> MailRequester:
    return MailRequester(at=now(), ip_address=ip_address, user_agent=user_agent[:LONGEST_AGENT])
