"""Check of how users can log in: with passwords, or with identity providers."""

from webapp.cli.health_checks.finding import Finding, bad, ok
from webapp.settings import Settings


def without_passwords(settings: Settings, providers: int) -> Finding:
    """Check that users who cannot use a password have an identity provider.

    Args:
        providers: number of identity providers that are enabled.
    """
    if settings.password_login == "on" or providers:
        return ok("logins", f"Passwords: {settings.password_login}. Identity providers: {providers}.")
    problem = f"WEBAPP_PASSWORD_LOGIN is {settings.password_login}, and no identity provider is enabled."
    return bad("logins", problem, "Set it to on, or enter a provider under Admin, Identity providers.")
