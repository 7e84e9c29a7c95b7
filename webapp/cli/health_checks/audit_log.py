"""Check of the audit log: whether the database still protects it."""

from collections.abc import Sequence

from webapp.cli.health_checks.finding import Finding, bad, ok


def protected(missing_triggers: Sequence[str]) -> Finding:
    """Check that the triggers still refuse changes of the audit log.

    Args:
        missing_triggers: names of triggers that were dropped, disabled or replaced.
    """
    if missing_triggers:
        return bad(
            "audit log",
            f"The database does not refuse changes of the audit log any more: {', '.join(missing_triggers)}.",
            "Somebody has removed these triggers. Run: python -m webapp audit verify. Restore a backup made before.",
        )
    return ok("audit log", "The database refuses changes of the audit log.")
