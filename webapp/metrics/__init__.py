"""Metrics for Prometheus: counted in each process, added up where they are read (``WEBAPP_METRICS``)."""
