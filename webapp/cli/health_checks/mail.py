"""Checks of e-mail: whether a mail server is configured, and whether mails are waiting or failed."""

from collections.abc import Mapping

from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.settings import Settings


def server(settings: Settings) -> Finding:
    if settings.smtp_url:
        return ok("mail", "A mail server is configured. Test it: python -m webapp mail test EMAIL")
    remedy = "Set WEBAPP_SMTP_URL."
    if settings.registration == "open":
        return bad("mail", "Anyone may register, but the verification links are only written to the log.", remedy)
    return warn(
        "mail", "No mail server is configured. Mails, and the links in them, are only written to the log.", remedy
    )


def outbox(states: Mapping[str, int], in_vain: int) -> Finding:
    """The state of the outbox.

    Args:
        in_vain: number of mails that the server did not accept, failed ones included.
    """
    if states["failed"]:
        return warn("outbox", f"Failed mails: {states['failed']}.", "See why: python -m webapp mail list --failed")
    if in_vain:
        problem = f"Mails that the server did not accept: {in_vain}. They will be sent again."
        return warn("outbox", problem, "See why: python -m webapp mail list")
    if states["waiting"]:
        return warn("outbox", f"Mails waiting: {states['waiting']}.", "They are sent while the server runs.")
    return ok("outbox", "No mail is waiting.")
