"""OwnerNotifier: the hook that mails the owner of a token, provided by a higher layer."""

from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.tokens.lifecycle import TokenRow


class OwnerNotifier(Protocol):
    """Mails the owner that something happened to their token, in the transaction of the change."""

    def __call__(
        self, db: Session, kind: str, row: TokenRow, *, origin: str = "owner", successor_id: UUID | None = None
    ) -> None: ...
