"""Mails: whether they can leave the house, and whether they do."""

from collections.abc import Mapping

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.settings import Settings


def server(settings: Settings) -> Finding:
    if settings.smtp_url:
        return ok("mail", "A mail server is named; try it with: python -m webapp mail test ADDRESS")
    mend = "Set WEBAPP_SMTP_URL."
    if settings.registration == "open":
        return bad("mail", "Everybody may register, and the links that verify them go to the log.", mend)
    return warn("mail", "No mail server is named; mails, and the links in them, go to the log.", mend)


def outbox(states: Mapping[str, int], in_vain: int) -> Finding:
    """
    Args:
        in_vain: how many were tried and not taken, those that are given up among them.
    """
    if states["failed"]:
        return warn("outbox", f"Mails given up: {states['failed']}.", "See why: python -m webapp mail list --failed")
    if in_vain:
        said = f"Mails that the server did not take: {in_vain}. They are tried again."
        return warn("outbox", said, "See why: python -m webapp mail list")
    if states["waiting"]:
        return warn("outbox", f"Mails waiting: {states['waiting']}.", "They are sent while the server runs.")
    return ok("outbox", "No mail waits.")
