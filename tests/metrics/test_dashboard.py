"""The Grafana dashboard in docs: every metric and label that it names exists, and every metric is on it."""

import json
import re
from pathlib import Path

import pytest

from tests.valkey import NOBODY
from webapp.core.db import Database
from webapp.core.valkey_storage import ValkeyStorage
from webapp.metrics.recorder import Recorder
from webapp.metrics.state import StateCollector

FILE = Path(__file__).resolve().parents[2] / "docs" / "grafana-dashboard.json"
NAME = re.compile(r"latchkey_[a-z_]+")
SELECTED = re.compile(r"(latchkey_[a-z_]+)(?:\{([^}]*)\})?")
# Added by Prometheus, and the limit of a bucket.
BY_PROMETHEUS = {"instance", "le"}


@pytest.fixture
def labels(database: Database) -> dict[str, set[str]]:
    """The labels of each metric, by the names of its samples."""
    found: dict[str, set[str]] = {}
    recorder, state = Recorder(), StateCollector(database, ValkeyStorage(NOBODY))
    for family in (*recorder.registry._collector_to_names, *state.collect()):
        name, names = getattr(family, "_name", None) or family.name, getattr(family, "_labelnames", None)
        kind = getattr(family, "_type", None) or family.type
        endings = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}.get(kind, ("",))
        for ending in endings:
            found[name + ending] = set(names if names is not None else (LABELS.get(name, ())))
    return found


# Of figures that a new database has no samples of.
LABELS = {
    "latchkey_live_credentials": ("kind",),
    "latchkey_outbox_mails": ("state",),
    "latchkey_build_info": ("version",),
    "latchkey_job_overdue_seconds": ("job",),
    "latchkey_job_failed": ("job",),
    "latchkey_job_last_success_timestamp_seconds": ("job",),
}


def expressions() -> list[str]:
    dashboard = json.loads(FILE.read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_metric_of_the_dashboard_exists_with_its_labels(labels):
    for expression in expressions():
        for name, selection in SELECTED.findall(expression):
            assert name in labels, expression
            used = set(re.findall(r"([a-z]+)=", selection)) - BY_PROMETHEUS
            grouped = {word for found in re.findall(r"by \(([^)]*)\)", expression) for word in found.split(", ")}
            assert used <= labels[name], expression
            if expression.count("latchkey_") == 1:
                assert grouped - BY_PROMETHEUS <= labels[name], expression


def test_every_metric_is_on_the_dashboard(labels):
    shown = set(NAME.findall(" ".join(expressions())))
    families = {re.sub(r"_(bucket|count|sum)$", "", name) for name in labels}
    assert {re.sub(r"_(bucket|count|sum)$", "", name) for name in shown} == families


def test_the_panels_do_not_overlap():
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(FILE.read_text())["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_documentation_lists_the_same_metrics(labels):
    documented = set(NAME.findall((FILE.parent / "monitoring.md").read_text()))
    endings = re.compile(r"_(bucket|count|sum)$")
    assert {endings.sub("", name) for name in documented} == {endings.sub("", name) for name in labels}
