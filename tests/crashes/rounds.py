"""Kills a server in one place after another, and checks after each start what was acknowledged before."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

from sqlalchemy import select, update

from tests.crashes.account_writes import EmailChangeRequested
from tests.crashes.background import BackgroundScript
from tests.crashes.crash_points import MAILING
from tests.crashes.sites import CrashSite, at
from tests.crashes.writes import Write
from webapp.accounts.mail_requests import MailRequests
from webapp.accounts.models import MailRequest
from webapp.core.clock import now
from webapp.mail.models import OutgoingMail
from webapp.web.registry import services_of

SETTLED = 0.1
"""Seconds within which what follows on a response has reached its next place."""


@dataclass
class Rounds:
    site: CrashSite
    random: Random
    died: Counter[tuple[str, str]] = field(default_factory=Counter)
    """At which place of which write."""
    unanswered: int = 0
    done: int = 0
    """Writes that were not acknowledged, although they are in the database."""
    sent_again: int = 0

    def __post_init__(self) -> None:
        self.site.start()
        self.background = BackgroundScript(self.site)

    def in_places(self, kinds: Sequence[type[Write]], number: int) -> None:
        """Each kind in turn, at places spread at random over its own."""
        left, until = dict[type[Write], list[int]](), len(self.died) + number
        for kind in cycle(kinds):
            places = left[kind] if kind in left else left.setdefault(kind, self.places_of(kind))
            if places:
                self.crash(kind, places.pop())
            if len(self.died) >= until or not any(left.values()):
                return

    def places_of(self, kind: type[Write]) -> list[int]:
        write = kind(self.site)
        self.site.places()
        write.check(write.send(**at(0)))
        time.sleep(SETTLED)
        numbers = [number for number, _ in enumerate(self.site.places(), start=1)]
        self.random.shuffle(numbers)
        return numbers

    def crash(self, kind: type[Write], place: int) -> None:
        write = kind(self.site)
        self.site.places()
        with self.background:
            response = write.send(**at(place))
            self.end(kind, place)
        self.restart(write, response)

    def end(self, kind: type[Write], place: int) -> None:
        """Wait for the death; a place that is not there this time is left to chance."""
        deadline = time.monotonic() + (SETTLED * 10)
        while len(found := self.site.places_so_far()) < place and time.monotonic() < deadline:
            time.sleep(0.005)
        if len(found) >= place:
            self.died[kind.__name__, f"{place} {found[place - 1]}"] += 1
            self.site.wait_for_end()
        else:
            self.site.kill()

    def at_times(self, kinds: Iterable[type[Write]], number: int) -> None:
        """At any moment within the first hundredths of a second of a write."""
        for _, kind in zip(range(number), cycle(kinds), strict=False):
            write = kind(self.site)
            with self.background, write.in_thread() as sending:
                time.sleep(self.random.uniform(0, 0.04))
                self.site.kill()
            self.restart(write, sending.response)

    def while_mailing(self, kinds: Iterable[type[Write]], numbers: Iterable[int]) -> None:
        """At places of the thread that sends what the write has put into the outbox."""
        for kind, place in zip(cycle(kinds), numbers, strict=False):
            write = kind(self.site)
            self.site.places()
            response = write.send(**{MAILING: str(place)})
            self.end(kind, place)
            self.restart(write, response)

    def restart(self, write: Write, response: object) -> None:
        self.site.start()
        self.pass_time()
        is_done = write.check(response)
        self.unanswered += response is None
        self.done += response is None and is_done
        write.repeat(is_done)
        self.background.check()

    def pass_time(self) -> None:
        """After the minutes in which others leave to the dead process what it was about to do."""
        with self.site.database.write() as db:
            unsent = OutgoingMail.sent_at.is_(None), OutgoingMail.due_at > now()
            db.execute(update(OutgoingMail).where(*unsent).values(due_at=now()))
            requests = db.scalars(select(MailRequest.id)).all()
        for request_id in requests:
            services_of(self.site.app).get(MailRequests).carry_out(request_id)

    def finish(self) -> None:
        """Check all together."""
        self.site.check_integrity()
        self.background.check_refused(self.background.revoked)
        # A mail wakes the thread that sends all; else it looks every ten seconds.
        write = EmailChangeRequested(self.site)
        write.check(write.send())
        assert self.site.eventually(lambda: not self.unsent())
        arrived = Counter(mail["Message-ID"].split("@")[0].strip("<") for mail in self.site.mail_server.mails)
        for mail in self.site.read(lambda db: db.scalars(select(OutgoingMail)).all()):
            # Twice if the process died when the mail server had accepted it, and before that was noted.
            assert 1 <= arrived[str(mail.id)] <= mail.tries, "lost, or sent without a lease"
        self.sent_again = sum(number > 1 for number in arrived.values())

    def summary(self) -> str:
        places = f"{len(self.died)} places in {len({write for write, _ in self.died})} kinds of writes"
        writes = f"{self.unanswered} writes without answer, {self.done} of them done"
        return f"{places}; {writes}; {self.sent_again} mails sent again"

    def unsent(self) -> int:
        return len(
            self.site.read(lambda db: db.scalars(select(OutgoingMail.id).where(OutgoingMail.sent_at.is_(None))).all())
        )
