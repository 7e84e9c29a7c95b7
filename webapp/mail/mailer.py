"""Mailer: renders a mail from templates and puts it into the outbox, in the transaction of what it reports."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.core.encryption import Encryptor
from webapp.mail import outbox
from webapp.mail.outbox import Content

Render = Callable[[Session, UUID | None, str, dict[str, object]], Content]


@dataclass(frozen=True, slots=True)
class Mailer:
    render: Render
    """Renders a mail: account of the recipient, name of the template and its variables. Provided by the web layer."""
    encryptor: Encryptor
    can_mail: bool
    """Whether a mail server is configured. Without one mails go to the log, so their links verify no e-mail address."""
    wake: Callable[[], None]
    """Wakes the mail worker; called after the commit."""

    def send(self, db: Session, kind: str, to: str, *, user_id: UUID | None = None, **facts: object) -> UUID:
        """Render ``templates/mail/<kind>`` in the language of the recipient and put it into the outbox.

        Args:
            to: e-mail address.
            user_id: account of the recipient; the mail is deleted with it.
            facts: variables of the templates. Texts must be from ``_l``, to be translated with the mail.

        Returns:
            Id of the mail.
        """
        return self.put(db, kind, to, facts, recipient_id=user_id, user_id=user_id)

    def send_link(
        self, db: Session, kind: str, to: str, *, user_id: UUID | None, ends_at: datetime | None, **facts: object
    ) -> UUID:
        """``send`` for a mail that is of no use without its link.

        Args:
            ends_at: when the link ends; after that the mail is given up.
        """
        return self.put(db, kind, to, facts, recipient_id=user_id, user_id=user_id, link_ends_at=ends_at)

    def put(
        self,
        db: Session,
        kind: str,
        to: str,
        facts: dict[str, object],
        *,
        recipient_id: UUID | None,
        user_id: UUID | None = None,
        link_ends_at: datetime | None = None,
    ) -> UUID:
        """``send`` for a mail that may outlive the account of its recipient.

        Args:
            recipient_id: account of the recipient, for the language.
            user_id: None to keep the mail when the account is deleted.
        """
        content = self.render(db, recipient_id, kind, facts)
        mail_id = outbox.put(
            db, self.encryptor, kind=kind, to=to, content=content, user_id=user_id, link_ends_at=link_ends_at
        )
        event.listen(db, "after_commit", lambda _: self.wake())
        return mail_id
