"""Mailer: renders a mail from templates and puts it into the outbox, in the transaction of what it reports."""

from collections.abc import Callable
from dataclasses import dataclass
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
    """Renders a mail: the recipient's account, the name of the template and its facts. Templates belong to the web."""
    sealer: Encryptor
    can_mail: bool
    """Whether a mail server is set. Without one mails go to the log, so a link in them proves no e-mail address."""
    wake: Callable[[], None]
    """Tells the sender that there is something to send; called after the commit."""

    def send(self, db: Session, kind: str, to: str, *, user_id: UUID | None = None, **facts: object) -> UUID:
        """Put ``templates/mail/<kind>.txt`` and ``.html`` into the outbox, in the language of the recipient.

        Args:
            user_id: the account of the recipient; the mail is deleted with it.
            facts: what the templates need. Texts among them come from ``_l``: they are translated with the mail.
        """
        return self.put(db, kind, to, facts, recipient_id=user_id, user_id=user_id)

    def put(
        self,
        db: Session,
        kind: str,
        to: str,
        facts: dict[str, object],
        *,
        recipient_id: UUID | None,
        user_id: UUID | None = None,
    ) -> UUID:
        """The same for a mail that may outlive the account of its recipient: without ``user_id`` it does."""
        content = self.render(db, recipient_id, kind, facts)
        mail_id = outbox.put(db, self.sealer, kind=kind, to=to, content=content, user_id=user_id)
        event.listen(db, "after_commit", lambda _: self.wake())
        return mail_id
