"""Checks of the LDAP directory that verifies passwords."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from webapp.accounts.password_backend import ProviderFailed
from webapp.cli.health_checks.finding import Finding, bad, ok, warn
from webapp.login.ldap_directory import LdapDirectory
from webapp.settings import Settings
from webapp.settings.identity import is_encrypted
from webapp.settings.urls import is_loopback


def directory_findings(settings: Settings) -> Iterator[Finding]:
    """Whether the directory responds as the settings expect; nothing without one."""
    if not settings.ldap_url:
        return
    is_elsewhere = not is_loopback(urlsplit(settings.ldap_url).hostname or "")
    if is_elsewhere and not is_encrypted(settings.ldap_url, settings.ldap_starttls):
        problem = "Passwords are sent to the LDAP directory unencrypted: everybody on the network can read them."
        yield warn("directory", problem, "Use ldaps://, or remove WEBAPP_LDAP_STARTTLS.")
    try:
        LdapDirectory(settings).try_out()
    except ProviderFailed as error:
        problem = f"The LDAP directory cannot be used: {error}."
        yield bad("directory", problem, "Its users cannot log in. See docs/ldap.md.")
    else:
        yield ok("directory", f"{settings.ldap_url} responds.")
