"""What watches each request: the access log."""

from collections.abc import Iterator

from webapp.settings import Settings
from webapp.web.access_log import AccessLog
from webapp.web.request_observer import Observe


def observers_of(settings: Settings) -> Iterator[Observe]:
    if settings.access_log:
        yield AccessLog()
