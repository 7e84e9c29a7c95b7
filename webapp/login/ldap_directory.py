"""LdapDirectory: the identity provider of ``WEBAPP_LDAP_URL``, which verifies passwords by binding with them."""

import logging
import ssl
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit
from uuid import UUID

from webapp.accounts.password_backend import Identity, ProviderFailed
from webapp.core.ldap import ONE_ENTRY, SUBTREE, Entry, LdapConnection, LdapFailed, LdapRefused, LdapServer, connected
from webapp.core.ldap_filter import InvalidLdapFilter, encoded_filter, escaped_in_dn, is_same_group
from webapp.settings import Settings, SettingsError
from webapp.settings.identity import is_encrypted

log = logging.getLogger(__name__)

PORTS = {"ldap": 389, "ldaps": 636}
LONGEST_NAME = 320
MOST_GROUPS = 1000
NO_ATTRIBUTES = ["1.1"]
ANYTHING = "(objectClass=*)"
WRONG_PASSWORD = frozenset({19, 32, 34, 48, 49, 50, 53})
"""Result codes of a bind that is refused because of the user: locked, unknown, without password, wrong, disabled. Any
other one is a fault of the directory or of the settings."""


class LdapDirectory:
    """Verifies passwords and reads user data in an LDAP directory (RFC 4511).

    Raises:
        SettingsError: a filter is not one, or the certificates cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        parts = urlsplit(settings.ldap_url)
        is_secure = is_encrypted(settings.ldap_url, settings.ldap_starttls)
        self._server = LdapServer(
            parts.hostname or "",
            parts.port or PORTS[parts.scheme],
            settings.identity_timeout.total_seconds(),
            tls_context(settings.ldap_ca_file) if is_secure else None,
            starts_tls=parts.scheme == "ldap",
        )
        check_filter(settings.ldap_filter, {"name": ""}, variable="WEBAPP_LDAP_FILTER")
        check_filter(settings.ldap_group_filter, {"dn": "", "name": ""}, variable="WEBAPP_LDAP_GROUP_FILTER")
        optional_names = (
            settings.ldap_name_attribute,
            settings.ldap_email_attribute,
            settings.ldap_display_name_attribute,
        )
        attribute_names = (*optional_names, settings.ldap_subject_attribute, settings.ldap_group_attribute)
        self._wanted = [name for name in attribute_names if name]

    def authenticate(self, identifier: str, password: str) -> Identity | None:
        """See ``PasswordBackend.authenticate``.

        Raises:
            ProviderFailed
        """
        if not is_text(identifier) or not is_text(password) or "\0" in identifier or len(identifier) > LONGEST_NAME:
            return None
        try:
            with connected(self._server) as directory:
                by_template = self._settings.ldap_bind_template
                find = self._bound_by_template if by_template else self._searched_and_bound
                entry = find(directory, identifier, password)
                return self._identity(directory, entry) if entry is not None else None
        except LdapFailed as error:
            raise ProviderFailed(str(error)) from error

    def try_out(self) -> None:
        """Connect, and bind as the user who searches.

        Raises:
            ProviderFailed
        """
        try:
            with connected(self._server) as directory:
                if self._settings.ldap_base:
                    self._bind_reader(directory)
                    directory.search(
                        self._settings.ldap_base, ONE_ENTRY, encoded_filter(ANYTHING, {}), ["1.1"], limit=1
                    )
        except LdapFailed as error:
            raise ProviderFailed(str(error)) from error

    def _bound_by_template(self, directory: LdapConnection, identifier: str, password: str) -> Entry | None:
        dn = self._settings.ldap_bind_template.replace("{name}", escaped_in_dn(identifier))
        if not is_accepted(directory, dn, password):
            return None
        found = directory.search(dn, ONE_ENTRY, encoded_filter(ANYTHING, {}), self._wanted, limit=1)
        if len(found) != 1:
            raise ProviderFailed("users may not read their own entry in the directory")
        return found[0]

    def _searched_and_bound(self, directory: LdapConnection, identifier: str, password: str) -> Entry | None:
        self._bind_reader(directory)
        search_filter = encoded_filter(self._settings.ldap_filter, {"name": identifier})
        found = directory.search(self._settings.ldap_base, SUBTREE, search_filter, self._wanted, limit=2)
        if len(found) > 1:
            # Which of them it is cannot be known, and the password of one must not open the account of another.
            log.warning("several entries of the directory match a name")
        if len(found) != 1 or not found[0].dn:
            return None
        return found[0] if is_accepted(directory, found[0].dn, password) else None

    def _bind_reader(self, directory: LdapConnection) -> None:
        try:
            directory.bind(self._settings.ldap_reader, self._settings.ldap_reader_password)
        except LdapRefused as error:
            raise ProviderFailed(f"WEBAPP_LDAP_READER cannot log in: {error}") from error

    def _identity(self, directory: LdapConnection, entry: Entry) -> Identity:
        settings = self._settings
        username = text_in(entry, settings.ldap_name_attribute)
        subject = text_in(entry, settings.ldap_subject_attribute)
        # Never by name instead: a later user of the same name would get the account.
        if not username or (settings.ldap_subject_attribute and not subject):
            missing = settings.ldap_subject_attribute if username else settings.ldap_name_attribute
            raise ProviderFailed(f"an entry of the directory has no {missing}, or it may not be read")
        return Identity(
            username=username,
            email=text_in(entry, settings.ldap_email_attribute) or None,
            email_verified=settings.ldap_email_verified,
            display_name=text_in(entry, settings.ldap_display_name_attribute) or None,
            subject=subject,
            role=self._role(directory, entry, username),
        )

    def _role(self, directory: LdapConnection, entry: Entry, username: str) -> str | None:
        """The role of the first rule whose group the user is in; see ``Identity.role``."""
        rules = self._settings.role_by_group
        if not rules:
            return None
        groups = self._groups(directory, entry, username)
        return next((role for group_name, role in rules if any(is_same_group(group_name, dn) for dn in groups)), "")

    def _groups(self, directory: LdapConnection, entry: Entry, username: str) -> Sequence[str]:
        """The DNs of the groups of a user."""
        settings = self._settings
        if not settings.ldap_group_base:
            return texts_in(entry, settings.ldap_group_attribute)[:MOST_GROUPS]
        if not settings.ldap_bind_template or settings.ldap_reader:
            self._bind_reader(directory)
        search_filter = encoded_filter(settings.ldap_group_filter, {"dn": entry.dn, "name": username})
        entries = directory.search(settings.ldap_group_base, SUBTREE, search_filter, NO_ATTRIBUTES, limit=MOST_GROUPS)
        return [group.dn for group in entries]


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The TLS context for connections to the directory: a file of CA certificates, or those of the system.

    Raises:
        SettingsError
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError) as error:
        raise SettingsError(f"WEBAPP_LDAP_CA_FILE names {ca_file!r}, which has no certificates (PEM).") from error


def check_filter(template: str, values: Mapping[str, str], *, variable: str) -> None:
    try:
        encoded_filter(template, values)
    except InvalidLdapFilter as error:
        raise SettingsError(f"{variable}: {error}.") from error
    # Without it, every name would find the same entries.
    if not any(f"{{{name}}}" in template for name in values):
        raise SettingsError(f"{variable} must contain {' or '.join(f'{{{name}}}' for name in values)}.")


def is_accepted(directory: LdapConnection, dn: str, password: str) -> bool:
    """Whether the directory accepts a password."""
    try:
        directory.bind(dn, password)
    except LdapRefused as error:
        if error.code in WRONG_PASSWORD:
            return False
        raise
    return True


def is_text(value: str) -> bool:
    """Whether it can be UTF-8: a lone surrogate cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def texts_in(entry: Entry, attribute: str) -> list[str]:
    """The values of an attribute that are texts, in an order that stays, because directories have none."""
    # Of Active Directory; its bytes are a UUID.
    if attribute.lower() == "objectguid":
        return [str(UUID(bytes_le=value)) for value in entry.attributes.get("objectguid", ()) if len(value) == 16]
    found = (value.decode(errors="replace").strip() for value in sorted(entry.attributes.get(attribute.lower(), ())))
    return [value for value in found if value and "\ufffd" not in value]


def text_in(entry: Entry, attribute: str) -> str:
    return next(iter(texts_in(entry, attribute)), "")
