"""LogoutWorker: a thread per process that sends logout tokens to apps (OpenID Connect Back-Channel Logout 1.0 §2.5)."""

import logging
from datetime import datetime, timedelta
from urllib.parse import urlencode

from webapp.core import background_worker
from webapp.core.clock import now
from webapp.core.db import Database, Unavailable
from webapp.core.outgoing_http import NotReached, OutgoingHttp
from webapp.oauth import app_sessions, logout_notices
from webapp.oauth.grants.token_service import TokenService
from webapp.oauth.id_token import HASHES
from webapp.oauth.logout_notices import LeasedNotice
from webapp.oauth.logout_token import logout_token

log = logging.getLogger(__name__)

INTERVAL = 3.0
"""Seconds between two searches for notices that are due, and logins whose session or tokens were ended."""
RECENT = timedelta(minutes=2)
"""How far these searches look back: longer than a transaction takes from its time to its commit."""
WHOLE = timedelta(minutes=1)
"""Between two searches of all logins, also for deleted users, changed roles and changed apps."""
FORM = "application/x-www-form-urlencoded"
ACCEPTED = (200, 204)
"""§2.8 demands 200; many frameworks answer 204 where there is no body."""


class LogoutWorker(background_worker.BackgroundWorker):
    def __init__(self, database: Database, service: TokenService, http: OutgoingHttp) -> None:
        super().__init__("logouts")
        self._database, self._service, self._http = database, service, http
        self._searched_all_at: datetime | None = None

    def run(self) -> None:
        while not self.is_stopping:
            try:
                self.send_due(since=self.search_from(now()))
            except Unavailable:
                log.warning("logout notices not available")
            except Exception:
                # The thread must not end, because nobody would notice until a logout is missing.
                log.exception("logout worker error")
            self._stopping.wait(INTERVAL)

    def search_from(self, moment: datetime) -> datetime | None:
        """Since when to look for logins that have ended; None for all."""
        if self._searched_all_at is not None and moment - self._searched_all_at < WHOLE:
            return moment - RECENT
        self._searched_all_at = moment
        return None

    def send_due(self, *, since: datetime | None = None) -> int:
        """Note the logins that have ended, and send what is due. No transaction is open during a request.

        Args:
            since: of ``app_sessions.has_ended``.

        Returns:
            Number of notices that were tried.
        """
        # Read first, because SQLite has one writer.
        with self._database.read() as db:
            has_ended, has_due = app_sessions.has_ended(db, since=since), logout_notices.has_due(db)
        while has_ended and not self.is_stopping:
            with self._database.write() as db:
                has_ended = app_sessions.collect(db) > 0
            has_due = True
        attempts = 0
        while has_due and not self.is_stopping and (notice := self.take()):
            self.send(notice)
            attempts += 1
        return attempts

    def take(self) -> LeasedNotice | None:
        with self._database.write() as db:
            return logout_notices.lease(db)

    def send(self, notice: LeasedNotice) -> None:
        reason = self.why_not_sent(notice)
        with self._database.write() as db:
            if reason is None:
                logout_notices.mark_sent(db, notice.id)
            else:
                logout_notices.record_failure(db, notice.id, reason)
        if reason is not None:
            fields = {"notice_id": str(notice.id), "client": str(notice.client_id), "reason": reason}
            log.warning("logout notice not sent", extra={"fields": fields})

    def why_not_sent(self, notice: LeasedNotice) -> str | None:
        """Send a notice. Returns None if the app has accepted it."""
        key = self._service.keys.ring(is_rs256=notice.wants_rs256).current()
        if key.algorithm not in HASHES:
            return "this site signs with a shared secret, which no app must know"
        token = logout_token(notice.client_id, notice.subject, notice.sid, issuer=self._service.issuer.url, key=key)
        body = urlencode({"logout_token": token}).encode()
        try:
            answer = self._http.send("POST", notice.url, body=body, headers={"Content-Type": FORM})
        except NotReached as error:
            return str(error)
        return None if answer.status in ACCEPTED else f"the app answered {answer.status}"
