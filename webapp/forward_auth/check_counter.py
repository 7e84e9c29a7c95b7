"""CheckCounter: counts checks in memory and writes them after a response, at most once a minute."""

import atexit
import logging
import threading

from webapp.core.clock import seconds
from webapp.core.db import Database, Unavailable
from webapp.forward_auth import count_store
from webapp.forward_auth.checks import Verdict
from webapp.forward_auth.counted_checks import CountKey, Key, count_key_of, key_of, without_path
from webapp.forward_auth.original_request import OriginalRequest

log = logging.getLogger(__name__)

MINUTE = 60
MOST_PENDING = 4096


class CheckCounter:
    """Counts forward-auth checks in memory; thread-safe, one per process. No response waits for a write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[Key, int] = {}
        self._others: dict[CountKey, int] = {}
        """By their outcome alone, because there are too many."""
        self._written_at = 0.0
        self._lock = threading.Lock()
        atexit.register(self.flush)

    def count(self, original: OriginalRequest, verdict: Verdict) -> bool:
        """Count a check in memory. Returns whether the counts should be written now.

        Returns:
            Whether ``flush`` is due: for the first check, and when one may have waited for a minute.
        """
        app = verdict.app
        # Preflights carry no credential, so nothing can be learned from them.
        if app is None or original.method == "OPTIONS":
            return False
        key = key_of(app.id.int, original, verdict)
        with self._lock:
            pending = self._pending
            pending_count = pending.get(key)
            if pending_count is not None or len(pending) < MOST_PENDING:
                pending[key] = (pending_count or 0) + 1
            else:
                other = without_path(count_key_of(key))
                self._others[other] = self._others.get(other, 0) + 1
            moment = seconds()
            if 0 <= moment - self._written_at < MINUTE:
                return False
            self._written_at = moment
            return True

    def flush(self) -> None:
        """Write what was counted; if the database is unavailable it is given up, without an error."""
        with self._lock:
            pending, self._pending = self._pending, {}
            counts, self._others = self._others, {}
        if not pending:
            return
        for key, requests in pending.items():
            count_key = count_key_of(key)
            counts[count_key] = counts.get(count_key, 0) + requests
        try:
            with self._database.write() as db:
                count_store.write(db, counts)
        except Unavailable:
            log.warning("checks not counted")

    def close(self) -> None:
        """Write what was counted, at the end of the process."""
        atexit.unregister(self.flush)
        self.flush()
