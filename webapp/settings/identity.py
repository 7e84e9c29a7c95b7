"""IdentitySettings: where passwords are checked that this site does not keep: a function of your own, or LDAP."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from webapp.settings.fields import Secret, SettingsError
from webapp.settings.references import SPELLING
from webapp.settings.urls import is_host, is_loopback

StartTls = Literal["auto", "always", "never"]
ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9.;-]{0,99}")
ROLE = re.compile(r"[a-z][a-z0-9_]{1,19}")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class IdentitySettings:
    identity_provider: Annotated[str, "Identity provider that checks passwords: package.module:name."] = ""
    identity_timeout: Annotated[timedelta, "Timeout of the identity provider, or of the directory."] = timedelta(
        seconds=5
    )
    ldap_url: Annotated[str, "LDAP directory that checks passwords: ldaps://host or ldap://host; empty: none."] = ""
    ldap_starttls: Annotated[
        StartTls,
        "TLS with ldap://: auto means unless the directory is on this machine; never sends passwords in clear.",
    ] = "auto"
    ldap_ca_file: Annotated[
        str, "Certificates (PEM) that sign that of the directory; empty means those of the system."
    ] = ""
    ldap_bind_template: Annotated[
        str, "DN of each user: uid={name},ou=people,dc=example,dc=org; empty means that users are searched."
    ] = ""
    ldap_reader: Annotated[str, "DN that searches; empty means that the directory is searched anonymously."] = ""
    ldap_reader_password: Annotated[str, "Password of that DN.", Secret] = ""
    ldap_base: Annotated[str, "DN below which users are searched."] = ""
    ldap_filter: Annotated[str, "Filter that finds the user of a name."] = "(|(uid={name})(mail={name}))"
    ldap_name_attribute: Annotated[str, "Attribute that is the user name here."] = "uid"
    ldap_email_attribute: Annotated[str, "Attribute with the e-mail address; empty means none."] = "mail"
    ldap_email_verified: Annotated[
        bool, "Whether these e-mail addresses are trusted; false if users can change theirs in the directory."
    ] = True
    ldap_display_name_attribute: Annotated[str, "Attribute with the display name; empty means none."] = "cn"
    ldap_subject_attribute: Annotated[
        str, "Attribute that never changes and identifies the user; empty means the user name."
    ] = "entryUUID"
    ldap_roles: Annotated[
        str, "Roles by group, the first one counts: admins=admin; cn=editors,ou=groups,dc=example,dc=org=editor."
    ] = ""
    ldap_group_attribute: Annotated[str, "Attribute of users with the DNs of their groups."] = "memberOf"
    ldap_group_base: Annotated[str, "DN below which groups are searched instead; empty means the attribute."] = ""
    ldap_group_filter: Annotated[str, "Filter that finds the groups of a user: {dn}, {name}."] = "(member={dn})"

    @property
    def has_identity_provider(self) -> bool:
        """Whether the passwords of some users are checked elsewhere."""
        return bool(self.identity_provider or self.ldap_url)

    @property
    def role_by_group(self) -> list[tuple[str, str]]:
        """Groups with their role, in order. A DN contains equals signs, so the last one separates."""
        pairs = (entry.rpartition("=") for entry in self.ldap_roles.split(";") if entry.strip())
        return [(group.strip(), role.strip()) for group, _, role in pairs]

    def _check_identity_provider(self) -> None:
        """Only the spelling of ``identity_provider``: ``login.password_backends`` imports it."""
        if self.identity_provider and not SPELLING.fullmatch(self.identity_provider):
            raise SettingsError(
                "WEBAPP_IDENTITY_PROVIDER must be a module and a name in it, such as package.module:name."
            )
        if not self.ldap_url:
            return
        if self.identity_provider:
            raise SettingsError("WEBAPP_IDENTITY_PROVIDER and WEBAPP_LDAP_URL are both set; keep one of them.")
        check_url(self.ldap_url)
        if self.ldap_ca_file and not Path(self.ldap_ca_file).is_file():
            raise SettingsError(f"WEBAPP_LDAP_CA_FILE names {self.ldap_ca_file!r}, which is not a file.")
        self._check_names()
        self._check_attributes()
        for group, role in self.role_by_group:
            if not group or not ROLE.fullmatch(role):
                raise SettingsError(
                    "WEBAPP_LDAP_ROLES must be groups with roles, such as admins=admin; editors=editor."
                )

    def _check_names(self) -> None:
        template = self.ldap_bind_template
        if bool(template) == bool(self.ldap_base):
            raise SettingsError(
                "WEBAPP_LDAP_URL needs either WEBAPP_LDAP_BASE, below which users are searched, or "
                "WEBAPP_LDAP_BIND_TEMPLATE, and not both."
            )
        if template and (
            template.count("{name}") != 1 or "={name}" not in template or "{" in template.replace("{name}", "")
        ):
            raise SettingsError(
                "WEBAPP_LDAP_BIND_TEMPLATE must be a DN with {name} once, such as "
                "uid={name},ou=people,dc=example,dc=org."
            )
        if bool(self.ldap_reader) != bool(self.ldap_reader_password):
            raise SettingsError("WEBAPP_LDAP_READER and WEBAPP_LDAP_READER_PASSWORD need each other.")

    def _check_attributes(self) -> None:
        needed = {"WEBAPP_LDAP_NAME_ATTRIBUTE": self.ldap_name_attribute}
        needed |= {"WEBAPP_LDAP_GROUP_ATTRIBUTE": self.ldap_group_attribute}
        optional = {
            "WEBAPP_LDAP_EMAIL_ATTRIBUTE": self.ldap_email_attribute,
            "WEBAPP_LDAP_DISPLAY_NAME_ATTRIBUTE": self.ldap_display_name_attribute,
            "WEBAPP_LDAP_SUBJECT_ATTRIBUTE": self.ldap_subject_attribute,
        }
        for variable, name in (needed | {key: value for key, value in optional.items() if value}).items():
            if not ATTRIBUTE.fullmatch(name):
                raise SettingsError(f"{variable} must be the name of an attribute, such as uid, not {name!r}.")


def check_url(value: str) -> None:
    try:
        parts = urlsplit(value)
        is_plain = parts.port != 0 and parts.path in ("", "/") and not parts.query and parts.username is None
    except ValueError:
        parts, is_plain = urlsplit(""), False
    if parts.scheme not in ("ldap", "ldaps") or not is_host(parts.hostname or "") or not is_plain:
        raise SettingsError(
            "WEBAPP_LDAP_URL must be ldaps:// or ldap:// with a host and perhaps a port, and nothing else."
        )


def is_encrypted(url: str, starttls: StartTls) -> bool:
    """Whether passwords reach the directory with TLS."""
    parts = urlsplit(url)
    is_elsewhere = not is_loopback(parts.hostname or "")
    return parts.scheme == "ldaps" or starttls == "always" or (starttls == "auto" and is_elsewhere)
