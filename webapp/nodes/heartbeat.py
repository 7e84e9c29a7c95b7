"""NodeHeartbeat: writes the row of this node once a minute, while it serves."""

import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.core.background_worker import BackgroundWorker
from webapp.core.clock import now
from webapp.core.db import Database, Instant, Span, Unavailable
from webapp.nodes.models import Node

log = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
SLACK = timedelta(seconds=5)
"""The processes of a node write one row: each leaves out what another wrote within ``EVERY``, less this."""
RETENTION = timedelta(days=7)
RUNNING_WITHIN = timedelta(minutes=3)
"""A node that was not seen for this long does not serve, or its clock is wrong."""
LONGEST_NAME = 100

# Valid for SQLite and PostgreSQL. Without effect if the row is newer than ``unless_since``.
WRITE = text("""
    INSERT INTO node (name, bind, version, clock_difference, seen_at)
    VALUES (:name, :bind, :version, :clock_difference, :seen_at)
    ON CONFLICT (name, bind) DO UPDATE
      SET version = :version, clock_difference = :clock_difference, seen_at = :seen_at
      WHERE node.seen_at <= :unless_since OR node.version <> :version
""").bindparams(
    bindparam("clock_difference", type_=Span()),
    bindparam("seen_at", type_=Instant()),
    bindparam("unless_since", type_=Instant()),
)
SERVER_CLOCK = text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS at").columns(at=Instant())


@dataclass(frozen=True, slots=True)
class NodeIdentity:
    bind: str
    version: str
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", (self.name or socket.gethostname())[:LONGEST_NAME])


def clock_difference(db: Session) -> timedelta | None:
    """How far the clock of this machine is ahead of that of the database server; None with SQLite."""
    if db.get_bind().dialect.name != "postgresql":
        return None
    # The second is exact: the first may have opened a connection.
    db.execute(SERVER_CLOCK)
    before = now()
    server: datetime = db.execute(SERVER_CLOCK).scalar_one()
    return before + (now() - before) / 2 - server


def write(db: Session, node: NodeIdentity, *, unless_within: timedelta = timedelta(0)) -> None:
    """Write the row of this node.

    Args:
        unless_within: nothing is written if another process of the node has written this recently.
    """
    difference = clock_difference(db)
    seen_at = now() - (difference or timedelta(0))
    db.execute(
        WRITE,
        {
            "name": node.name,
            "bind": node.bind[:LONGEST_NAME],
            "version": node.version,
            "clock_difference": difference,
            "seen_at": seen_at,
            "unless_since": seen_at - unless_within,
        },
    )


def recently_seen(db: Session) -> Sequence[Node]:
    """The nodes of the last days, the latest first."""
    return db.scalars(select(Node).where(Node.seen_at > now() - RETENTION).order_by(Node.seen_at.desc())).all()


def running(db: Session) -> Sequence[Node]:
    """The nodes that serve now, as far as their last rows say."""
    return [node for node in recently_seen(db) if now() - node.seen_at < RUNNING_WITHIN]


def purge(db: Session) -> int:
    """Delete nodes that have not been seen for long; a container has another name after each start."""
    return len(db.scalars(delete(Node).where(Node.seen_at <= now() - RETENTION).returning(Node.name)).all())


class NodeHeartbeat(BackgroundWorker):
    """Background thread of each process that serves."""

    def __init__(self, database: Database, node: NodeIdentity) -> None:
        super().__init__("node heartbeat")
        self._database, self._node = database, node

    def run(self) -> None:
        while not self.is_stopping:
            self.report()
            self._stopping.wait(EVERY.total_seconds())

    def report(self) -> None:
        try:
            with self._database.write() as db:
                write(db, self._node, unless_within=EVERY - SLACK)
        except (Unavailable, SQLAlchemyError):
            # Requests that need the database log why.
            log.warning("heartbeat not written")
