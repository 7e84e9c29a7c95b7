"""The memory of a real server with two workers stays below the figure in ``docs/production.md``."""

from tests.bench.memory import LIMIT, Site, used
from tests.cli.serving import serving, start


def test_two_workers_stay_below_their_limit_after_every_page_was_opened(instance):
    site = Site(instance)
    with serving(start(instance, WEBAPP_WORKERS="2")) as (server,):
        each = used(server, site, LIMIT)
    # The main process, the tracker of multiprocessing, and both workers.
    assert len(each) == 4
    assert sum(each) <= LIMIT, each
