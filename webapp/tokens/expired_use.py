"""ExpiredUses: notices that an expired token is still in use, so that its owner gets a mail; at most once a week."""

import threading
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from webapp.core.clock import now
from webapp.tokens.reminders import WEEK

MAX_ENTRIES = 4096


class ExpiredUses:
    """Tokens handled this week by this process, so that repeated requests cost one dictionary lookup."""

    def __init__(self) -> None:
        self._known: dict[UUID, datetime] = {}
        self._lock = threading.Lock()

    def is_news(self, token_id: UUID) -> bool:
        moment = now()
        with self._lock:
            if (noted_at := self._known.get(token_id)) is not None and moment - noted_at < WEEK:
                return False
            if len(self._known) >= MAX_ENTRIES:
                self._known.clear()
            self._known[token_id] = moment
        return True

    def notify(self, token_id: UUID, mail: Callable[[UUID], None]) -> None:
        """Call ``mail``, which checks in the database what other processes have sent; if it fails, forget the token."""
        try:
            mail(token_id)
        except Exception:
            with self._lock:
                self._known.pop(token_id, None)
            raise
