"""What watches requests, and what others can watch: the access log, readiness and the nodes of the site."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import make_url, text

from webapp.core.db import Database
from webapp.core.ratelimit import Limit, Limiter
from webapp.nodes import heartbeat
from webapp.nodes.heartbeat import NodeHeartbeat, NodeIdentity
from webapp.settings import Settings
from webapp.settings.paths import release
from webapp.site.readiness import Check, Readiness, database_check, disk_check, limits_check
from webapp.web.access_log import AccessLog
from webapp.web.registry import services_of
from webapp.web.request_observer import Observe

VERSION_TABLE = text("SELECT 1 FROM alembic_version")
# Only read, to see whether Valkey answers.
PROBE = Limit("readiness", 1, timedelta(minutes=1))


def observers_of(settings: Settings) -> Iterator[Observe]:
    if settings.access_log:
        yield AccessLog()


def provide_readiness(app: Flask, settings: Settings, database: Database) -> None:
    """The checks of /readyz, and the heartbeat of this node. ``serve`` starts the latter."""
    services = services_of(app)
    node = NodeIdentity(settings.bind, release())
    services.provide(NodeHeartbeat)(NodeHeartbeat(database, node))
    services.provide(Readiness)(Readiness(list(checks(settings, database, node, services.get(Limiter)))))


def checks(settings: Settings, database: Database, node: NodeIdentity, limiter: Limiter) -> Iterator[Check]:
    def read() -> None:
        with database.read() as db:
            db.execute(VERSION_TABLE)

    def write() -> None:
        with database.write() as db:
            heartbeat.write(db, node)

    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        yield disk_check(Path(url.database).parent)
    yield database_check(read, write)
    if settings.valkey_url:
        yield limits_check(lambda: limiter.look(PROBE))
