"""Observability: access log, metrics, traces, readiness, and the nodes of the site."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from sqlalchemy import make_url, text

from webapp.accounts.passwords import Passwords
from webapp.audit import committed
from webapp.core.db import Database
from webapp.core.lazy_import import lazily
from webapp.core.ratelimit import Limiter
from webapp.metrics.text import MetricsText
from webapp.nodes import heartbeat
from webapp.nodes.heartbeat import NodeHeartbeat, NodeIdentity
from webapp.settings import Settings
from webapp.settings.paths import release
from webapp.site.readiness import Check, Readiness, database_check, disk_check, limits_check
from webapp.web.access_log import AccessLog
from webapp.web.registry import services_of
from webapp.web.request_observer import Observe
from webapp.web.traces import TraceExporter

if TYPE_CHECKING:
    from webapp.metrics.recorder import Recorder

VERSION_TABLE = text("SELECT 1 FROM alembic_version")


def recorder_for(settings: Settings, database: Database) -> "Recorder | None":
    """The recorder of metrics; None if they are disabled. Call it before queries are prepared."""
    if not settings.has_metrics:
        return None
    recorder: Recorder = lazily("webapp.metrics.recorder").Recorder()
    database.observe(recorder.transaction, recorder.lookup)
    committed.observers[database.engine] = recorder.event
    return recorder


def observers_of(app: Flask, settings: Settings, recorder: "Recorder | None") -> Iterator[Observe]:
    if settings.access_log:
        yield AccessLog()
    if recorder is not None:
        yield recorder.request
    if settings.traces_url:
        exporter = TraceExporter(
            settings.traces_url, settings.traces_authorization, settings.traces_percent, version=release()
        )
        services_of(app).provide(TraceExporter)(exporter)
        yield exporter


def provide_metrics(app: Flask, database: Database, recorder: "Recorder | None") -> None:
    """Register the metrics: what services report to them, and their text for the view."""
    if recorder is None:
        return
    services = services_of(app)
    services.get(Limiter).on_over = recorder.limit
    services.get(Passwords).on_place = recorder.hashing_place
    state = lazily("webapp.metrics.state").StateCollector(database, services.get(Limiter).valkey)
    services.provide(MetricsText)(lazily("webapp.metrics.exposition").exposition_of(state, recorder.registry))


def provide_readiness(app: Flask, settings: Settings, database: Database) -> None:
    """Register the checks of /readyz, and the heartbeat of this node. ``serve`` starts the latter."""
    services = services_of(app)
    node = NodeIdentity(settings.bind, release())
    services.provide(NodeHeartbeat)(NodeHeartbeat(database, node))
    optional = [*optional_checks(services.get(Limiter))]
    services.provide(Readiness)(Readiness([*checks(settings, database, node)], optional))


def checks(settings: Settings, database: Database, node: NodeIdentity) -> Iterator[Check]:
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


def optional_checks(limiter: Limiter) -> Iterator[Check]:
    if limiter.valkey is not None:
        yield limits_check(limiter.valkey.answers)
