"""MetricsText: the service that the view reads; without prometheus-client, which only a site with metrics imports."""

from typing import Protocol

METRICS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


class MetricsText(Protocol):
    """Returns the metrics of all processes of this server, of content type ``METRICS_TEXT``."""

    def __call__(self) -> bytes: ...
