"""Node: a server of this site, when it was last seen, its version and its clock."""

from datetime import datetime, timedelta

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class Node(Base):
    """The processes that one ``serve`` started, identified by the machine and by what they listen on."""

    __tablename__ = "node"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    """Host name of the machine."""
    bind: Mapped[str] = mapped_column(String(100), primary_key=True)
    """IP address and port, which tell several servers of one machine apart."""
    version: Mapped[str] = mapped_column(String(50))
    clock_difference: Mapped[timedelta | None]
    """How far its clock is ahead of that of the database server; None with SQLite, which has no clock of its own."""
    seen_at: Mapped[datetime] = mapped_column(index=True)
    """Time by the clock of the database server, so that nodes can be compared."""
