"""ObservabilitySettings: logs, the access log and metrics."""

from dataclasses import dataclass
from typing import Annotated

from webapp.settings import checks
from webapp.settings.fields import Secret
from webapp.settings.identity import IdentitySettings
from webapp.settings.types import LogLevel


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ObservabilitySettings(IdentitySettings):
    # In one line of inheritance, because Python cannot combine the slots of two base classes.
    log_json: Annotated[bool, "Whether all output of the server is JSON, one object per line."] = False
    log_level: Annotated[LogLevel, "Lowest level that is logged."] = "info"
    access_log: Annotated[bool, "Whether each request is logged as one line of JSON, without its path and query."] = (
        False
    )
    metrics: Annotated[bool, "Whether /metrics answers tokens with the scope metrics:read, for Prometheus."] = False
    metrics_bind: Annotated[
        str, "IP address and port for /metrics without a token: everybody who can connect reads it; empty: none."
    ] = ""

    traces_url: Annotated[
        str, "Collector of OpenTelemetry that receives a span per request (OTLP/HTTP), such as http://127.0.0.1:4318."
    ] = ""
    traces_authorization: Annotated[str, "Authorization header for that collector; empty means none.", Secret] = ""
    traces_percent: Annotated[int, "How many of 100 requests are traced, unless a proxy has decided."] = 100

    @property
    def has_metrics(self) -> bool:
        """Whether anything is counted."""
        return self.metrics or bool(self.metrics_bind)

    def _check_observability(self) -> None:
        if self.metrics_bind:
            checks.bind(self.metrics_bind, variable="WEBAPP_METRICS_BIND")
        checks.traces(self.traces_url, self.traces_percent)
