"""SeenServer: a server that shares the database, for the admin overview."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from webapp.core.translation import _
from webapp.nodes import heartbeat

TOLERATED = timedelta(seconds=2)


class SeenServer(msgspec.Struct, frozen=True):
    """A server of this site that was seen in the last 7 days."""

    name: str
    """Host name of the machine."""
    bind: str
    """IP address and port on which it listens."""
    version: str
    seen_at: datetime
    clock_difference: float | None
    """Seconds that its clock is ahead of that of the database server; null with SQLite."""


def servers(db: Session) -> list[SeenServer]:
    return [
        SeenServer(
            node.name,
            node.bind,
            node.version,
            node.seen_at,
            None if node.clock_difference is None else round(node.clock_difference.total_seconds(), 1),
        )
        for node in heartbeat.recently_seen(db)
    ]


def wrong_clocks(found: Sequence[SeenServer]) -> Iterable[str]:
    """A sentence for each server whose clock differs too much."""
    for server in found:
        difference = server.clock_difference
        if difference is not None and abs(difference) > TOLERATED.total_seconds():
            yield _(
                "The clock of %(server)s differs by %(seconds)s seconds from that of the database. Synchronise it.",
                server=server.name,
                seconds=round(abs(difference)),
            )
