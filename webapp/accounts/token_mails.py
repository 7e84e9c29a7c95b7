"""TokenMails: mails about API tokens to their owner, about changes and from jobs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import one_time_links, user_queries
from webapp.accounts.mail_preferences import wants
from webapp.accounts.models import User
from webapp.accounts.notices import LIFETIME, RequestOrigin
from webapp.accounts.one_time_links import NOT_MY_TOKEN
from webapp.core.clock import now
from webapp.credentials.usage_store import NewNetwork
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.tokens import lifecycle, reminders
from webapp.tokens.issuing import scopes_of
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.reminders import DAY, WEEK, DueReminder

# Mails per owner and day, of all kinds together.
MAX_A_DAY = 20
# Tokens per mail; the page lists all.
MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class TokenMails:
    """Mails the owner of an API token, with a link that revokes the token without a login."""

    mailer: Mailer
    circumstances: Callable[[], RequestOrigin]
    """Returns the circumstances of the current request."""

    def changed(
        self, db: Session, kind: str, row: TokenRow, *, origin: str = "owner", successor_id: UUID | None = None
    ) -> None:
        """Mail the owner about a token that was created, widened, rotated or revoked.

        Args:
            kind: of the mail.
            origin: who did it: owner, self (the token) or somebody else.
            successor_id: of the new token, after a rotation.
        """
        if successor_id is not None and origin == "self":
            # A script may rotate its token every day; one mail a week is enough.
            is_news = reminders.mark_due(db, row.entry.id, "rotated", every=WEEK)
            reminders.copy_mark(db, "rotated", from_=row.entry.id, to=successor_id)
            if not is_news:
                return
        self.mail_owner(db, row, kind, self.circumstances(), origin=origin)

    def edited(self, db: Session, row: TokenRow, *, is_wider: bool) -> None:
        """Mail the owner about an edited token, only if it may do more than before."""
        if is_wider:
            self.changed(db, "token_widened", row)

    def new_network(self, db: Session, arrival: NewNetwork) -> None:
        """Mail the owner about the use of a token from a new network, at most once a day."""
        row = lifecycle.find(db, arrival.user_id, arrival.credential_id)
        if row is not None and reminders.mark_due(db, row.entry.id, "network", every=DAY):
            self.mail_owner(db, row, "token_new_network", RequestOrigin(arrival.at, arrival.ip_address, arrival.client))

    def used_after_expiry(self, db: Session, token_id: UUID, circumstances: RequestOrigin) -> None:
        """Mail the owner about an expired token that is still used, at most once a week."""
        owner_id = lifecycle.owner_of(db, token_id)
        row = lifecycle.find(db, owner_id, token_id) if owner_id else None
        if row is None or row.credential.family_id is not None or row.credential.revoked_at is not None:
            return
        if row.credential.expires_at <= now() and reminders.mark_due(db, token_id, "late", every=WEEK):
            self.mail_owner(db, row, "token_came_late", circumstances, is_rotated=row.entry.rotated_at is not None)

    def expiring(self, db: Session) -> int:
        """A step of a job: mail one owner about all tokens that expire soon."""
        return self.remind(db, reminders.expiring(db), "tokens_expiring")

    def unused(self, db: Session) -> int:
        """A step of a job: mail one owner about all tokens that were not used for long."""
        return self.remind(db, reminders.unused(db), "tokens_unused")

    def remind(self, db: Session, due: DueReminder | None, kind: str) -> int:
        if due is None:
            return 0
        user = self.recipient(db, due.user_id, kind)
        if user is not None and due.tokens:
            shown, rest = due.tokens[:MAX_LISTED], max(0, len(due.tokens) - MAX_LISTED)
            self.send(db, user, kind, tokens=facts_of(shown), rest=rest)
        return due.looked_at

    def mail_owner(self, db: Session, row: TokenRow, kind: str, circumstances: RequestOrigin, **facts: object) -> None:
        if (user := self.recipient(db, row.entry.user_id, kind)) is None:
            return
        about = {"token_id": str(row.entry.id)}
        secret = one_time_links.create(
            db, NOT_MY_TOKEN, LIFETIME, user_id=user.id, email=user.email, facts=about, replaces=False
        )
        (token,) = facts_of([row])
        self.send(
            db,
            user,
            kind,
            token=token,
            circumstances=circumstances,
            link=f"/not-me/token/{secret}",
            lifetime=LIFETIME,
            **facts,
        )

    def send(self, db: Session, user: User, kind: str, **facts: object) -> None:
        self.mailer.send(db, kind, user.email or "", user_id=user.id, username=user.username, **facts)

    def recipient(self, db: Session, user_id: UUID, kind: str) -> User | None:
        """The owner; None without an e-mail address, if they turned this mail off, or if the daily limit is reached."""
        user = user_queries.by_id(db, user_id)
        if user is None or user.email is None or user.disabled_at is not None or not wants(user, kind):
            return None
        mails_sent = outbox.count_of_user(db, user_id, kinds=KINDS, since=now() - DAY)
        return user if mails_sent < MAX_A_DAY else None


KINDS = (
    "token_minted",
    "token_widened",
    "token_rotated",
    "token_revoked",
    "token_new_network",
    "token_came_late",
    "tokens_expiring",
    "tokens_unused",
)


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What mails show of a token."""

    id: UUID
    name: str
    scopes: list[str]
    expires_at: object
    last_used_at: object


def facts_of(rows: Sequence[TokenRow]) -> list[TokenFacts]:
    return [
        TokenFacts(
            row.entry.id,
            row.entry.name,
            scopes_of(row.credential),
            row.credential.expires_at,
            row.credential.last_used_at,
        )
        for row in rows
    ]
