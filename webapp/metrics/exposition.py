"""exposition_of(): the metrics of all processes of this server as text for Prometheus."""

import os
import re
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from webapp.metrics.state import StateCollector
from webapp.metrics.text import MetricsText

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Environment variable of prometheus-client: the folder where the processes of one server count."""
OF_A_PROCESS = re.compile(r"gauge_live[a-z]+_(\d+)\.db")


def exposition_of(state: StateCollector, process_registry: CollectorRegistry | None = None) -> MetricsText:
    """Build the function that renders all metrics in the Prometheus text format.

    Args:
        process_registry: of this process; read where there is no folder that several processes share.
    """

    def expose() -> bytes:
        registry = CollectorRegistry()
        registry.register(state)
        folder = os.environ.get(FOLDER)
        if folder:
            forget_dead(Path(folder))
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]  # prometheus_client's
        text = generate_latest(registry)
        return text + generate_latest(process_registry) if process_registry is not None and not folder else text

    return expose


def forget_dead(folder: Path) -> None:
    """Delete the gauges of processes that have ended; their counters stay, because they count on."""
    for file in folder.glob("gauge_live*.db"):
        match = OF_A_PROCESS.fullmatch(file.name)
        if match and not Path(f"/proc/{match[1]}").exists() and Path("/proc/self").exists():
            file.unlink(missing_ok=True)
