"""Post: what rooms send mails with; the template is rendered when the deed is done, in its transaction."""

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
    """The recipient's account, the template's name and its facts, made into a mail; templates are the web's."""
    sealer: Encryptor
    can_mail: bool
    """Whether a mail server is set. Without one mails go to the log, so a link in them proves no e-mail address."""
    wake: Callable[[], None]
    """Tells the sender that there is something to send; called when the deed is committed."""

    def send(self, db: Session, kind: str, to: str, *, user_id: UUID | None = None, **facts: object) -> UUID:
        """Put ``templates/mail/<kind>.txt`` and ``.html`` into the outbox."""
        content = self.render(db, user_id, kind, facts)
        mail_id = outbox.put(db, self.sealer, kind=kind, to=to, content=content, user_id=user_id)
        event.listen(db, "after_commit", lambda _: self.wake())
        return mail_id
