"""Check whether Valkey answers, which counts some of the limits."""

from collections.abc import Iterator

from webapp.cli.health_checks.finding import Finding, bad, ok
from webapp.core.valkey_storage import valkey_for
from webapp.settings import Settings


def counted(settings: Settings) -> Iterator[Finding]:
    """Check that Valkey answers; nothing where all limits are counted in the database."""
    valkey = valkey_for(settings)
    if valkey is None:
        return
    does_answer = valkey.answers()
    valkey.close()
    if does_answer:
        yield ok("limits", "Valkey answers.")
        return
    remedy = "Start it, or correct WEBAPP_VALKEY_URL. Until then its limits are counted in the database."
    yield bad("limits", "Valkey does not answer.", remedy)
