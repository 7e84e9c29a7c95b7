"""/metrics: for tokens with the scope ``metrics:read``. The route exists only with WEBAPP_METRICS."""

from flask import Blueprint, Response

from webapp.core.translation import _l
from webapp.guard import require
from webapp.guard.resources import resource
from webapp.metrics.text import METRICS_TEXT, MetricsText
from webapp.web.registry import service

bp = Blueprint("metrics", __name__)
resource("metrics", _l("Metrics"), reads=_l("Read the metrics of this site, for Prometheus."))


@bp.get("/metrics")
@require(role="admin", scope="metrics:read")
def show() -> Response:
    """Metrics in the text format of Prometheus."""
    return Response(service(MetricsText)(), content_type=METRICS_TEXT)
