"""StateCollector: figures that are in the database, and whether Valkey answers, read when the metrics are."""

from collections.abc import Iterator
from threading import Lock
from time import monotonic

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Database, Unavailable
from webapp.core.valkey_storage import ValkeyStorage
from webapp.credentials.live_by_kind import live_by_kind
from webapp.jobs.leases import runs
from webapp.mail import outbox
from webapp.nodes import heartbeat
from webapp.settings.paths import release

CACHE_SECONDS = 15.0
"""Seconds for which the figures are given again, however often they are asked for."""


class StateCollector(Collector):
    def __init__(self, database: Database, valkey: ValkeyStorage | None = None) -> None:
        self._database, self._valkey, self._counting = database, valkey, Lock()
        self._known: list[Metric] = []
        self._until = 0.0

    def collect(self) -> Iterator[Metric]:
        with self._counting:
            if monotonic() >= self._until:
                self._known = [*self._of_valkey(), *self._read()]
                self._until = monotonic() + CACHE_SECONDS
            yield from self._known

    def _of_valkey(self) -> Iterator[Metric]:
        if self._valkey is not None:
            is_up = self._valkey.answers()
            yield GaugeMetricFamily("latchkey_valkey_up", "Whether Valkey answers.", value=float(is_up))

    def _read(self) -> list[Metric]:
        is_up = GaugeMetricFamily("latchkey_database_up", "Whether the database answers.")
        try:
            with self._database.read() as db:
                found = [*figures(db)]
        except (Unavailable, SQLAlchemyError):
            is_up.add_metric([], 0)
            return [build_info(), is_up]
        is_up.add_metric([], 1)
        return [build_info(), is_up, *found]


def build_info() -> Metric:
    found = GaugeMetricFamily("latchkey_build_info", "The version that runs.", labels=["version"])
    found.add_metric([release()], 1)
    return found


def figures(db: Session) -> Iterator[Metric]:
    credentials = GaugeMetricFamily("latchkey_live_credentials", "Live sessions and tokens.", labels=["kind"])
    for kind, count in live_by_kind(db).items():
        credentials.add_metric([kind], count)
    yield credentials
    mails = GaugeMetricFamily("latchkey_outbox_mails", "Mails in the outbox.", labels=["state"])
    for state, count in outbox.states(db).items():
        mails.add_metric([state], count)
    yield mails
    oldest = outbox.oldest_waiting(db)
    age = (now() - oldest).total_seconds() if oldest is not None else 0.0
    yield GaugeMetricFamily("latchkey_outbox_oldest_seconds", "Age of the oldest mail that waits.", value=age)
    yield from job_figures(db)
    nodes = heartbeat.running(db)
    yield GaugeMetricFamily("latchkey_nodes", "Servers seen in the last minutes.", value=len(nodes))
    differences = [abs(node.clock_difference.total_seconds()) for node in nodes if node.clock_difference is not None]
    yield GaugeMetricFamily(
        "latchkey_clock_difference_seconds",
        "Largest difference between the clock of a server and that of the database.",
        value=max(differences, default=0.0),
    )


def job_figures(db: Session) -> Iterator[Metric]:
    overdue = GaugeMetricFamily("latchkey_job_overdue_seconds", "How long a job is due.", labels=["job"])
    failed = GaugeMetricFamily("latchkey_job_failed", "Whether the last run of a job failed.", labels=["job"])
    done = GaugeMetricFamily("latchkey_job_last_success_timestamp_seconds", "When a job last ran.", labels=["job"])
    for run in runs(db):
        overdue.add_metric([run.name], max(0.0, (now() - run.due_at).total_seconds()))
        failed.add_metric([run.name], float(run.last_error is not None))
        if run.done_at is not None:
            done.add_metric([run.name], run.done_at.timestamp())
    yield from (overdue, failed, done)
