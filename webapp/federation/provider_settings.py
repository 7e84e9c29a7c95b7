"""ProviderSettings: what can be changed about a provider; apply() checks it and stores it in the provider's row.

The admin page, the commands and ``providers.toml`` all use it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from webapp.core.outgoing_http import LONGEST_URL
from webapp.core.translation import _
from webapp.federation.claim_names import STANDARD
from webapp.federation.models import LoginProvider
from webapp.federation.new_accounts import POLICIES
from webapp.federation.provider_metadata import is_endpoint
from webapp.federation.providers import LAST_POSITION

MOST_VALUES, LONGEST_VALUE, LONGEST_CLIENT_ID = 50, 200, 300
SHORTEST_NAME, LONGEST_NAME = 2, 50
ENDPOINTS = {
    *("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "emails_endpoint"),
    "request_token_endpoint",
}
AUTH_METHODS = "", "client_secret_basic", "client_secret_post", "HMAC-SHA1", "RSA-SHA1"
RULE = {"claim", "value", "role"}
WITHOUT_METADATA = {
    "oauth2": ("authorization_endpoint", "token_endpoint", "userinfo_endpoint"),
    "oauth1": ("request_token_endpoint", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"),
}
"""Endpoints that the kinds without discovery need."""


class InvalidProvider(Exception):
    """The provider cannot be stored like this; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSettings:
    """Every field is a column of the provider, a field of the form and an option of the command, with the same name."""

    name: str
    issuer: str
    client_id: str
    scopes: Sequence[str] = ()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    claim_names: Mapping[str, str] = field(default_factory=dict)
    client_auth_method: str = ""
    position: int = 0
    email_domains: Sequence[str] = ()
    account_policy: str = "closed"
    account_domains: Sequence[str] = ()
    grantable_roles: Sequence[str] = ()
    role_rules: Sequence[Mapping[str, str]] = ()
    trusted_acr: Sequence[str] = ()
    trusted_amr: Sequence[str] = ()
    logs_out: bool = False


NAMES = tuple(one.name for one in fields(ProviderSettings))


def settings_of(row: LoginProvider) -> ProviderSettings:
    return ProviderSettings(**{name: getattr(row, name) for name in NAMES})


def apply(row: LoginProvider, desired: ProviderSettings) -> None:
    """Set the columns of a provider.

    Raises:
        InvalidProvider
    """
    for name in NAMES:
        value = getattr(desired, name)
        if not has_type_of(name, value):
            raise InvalidProvider(_("%(name)s has the wrong type.", name=name))
        setattr(row, name, CHECKS[name](value))
    if row.kind == "oidc" and "openid" not in row.scopes:
        raise InvalidProvider(_("The scopes need openid, without which the provider does not say who logs in."))
    if missing := [one for one in WITHOUT_METADATA.get(row.kind, ()) if one not in row.endpoints]:
        raise InvalidProvider(_("A provider without OpenID Connect needs its %(endpoint)s.", endpoint=missing[0]))
    if row.account_policy == "domains" and not row.account_domains:
        raise InvalidProvider(_("Enter the domains whose users get an account."))
    if unknown := {rule["role"] for rule in row.role_rules} - set(row.grantable_roles):
        raise InvalidProvider(_("A rule gives a role that the rules may not give: %(role)s.", role=min(unknown)))


def has_type_of(name: str, value: object) -> bool:
    """Whether a value has the type of its field; values from a file may have any."""
    if name in ("position", "logs_out"):
        return type(value) is (int if name == "position" else bool)
    if name in ("name", "issuer", "client_id", "client_auth_method", "account_policy"):
        return isinstance(value, str)
    return isinstance(value, Mapping) if name in ("endpoints", "claim_names") else isinstance(value, list | tuple)


def checked_name(value: str) -> str:
    name = (value or "").strip()
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise InvalidProvider(_("The name of a provider has 2 to 50 printable characters."))
    return name


def checked_issuer(value: str) -> str:
    issuer = (value or "").strip()
    if not is_endpoint(issuer, issuer) or "?" in issuer or len(issuer) > LONGEST_URL:
        raise InvalidProvider(_("The issuer is a complete URL, such as https://id.example.org."))
    return issuer


def checked_client_id(value: str) -> str:
    client_id = (value or "").strip()
    if not client_id or len(client_id) > LONGEST_CLIENT_ID or not (client_id.isascii() and client_id.isprintable()):
        raise InvalidProvider(_("Enter the client ID that the provider shows."))
    return client_id


def checked_scopes(scopes: Sequence[str]) -> list[str]:
    """Scope tokens (RFC 6749 §3.3), in their order."""
    return checked_texts(scopes, _("A scope has no spaces or quotation marks."), lambda one: not set(one) & set(' "\\'))


def checked_endpoints(endpoints: Mapping[str, str]) -> dict[str, str]:
    for name, url in endpoints.items():
        if name not in ENDPOINTS or not isinstance(url, str) or len(url) > LONGEST_URL:
            raise InvalidProvider(_("There is no endpoint called %(name)s.", name=str(name)[:50]))
        if not is_endpoint(url, url):
            raise InvalidProvider(_("%(name)s is not a complete URL.", name=name))
    return dict(endpoints)


def checked_claim_names(claim_names: Mapping[str, str]) -> dict[str, str]:
    for name, path in claim_names.items():
        if name not in STANDARD or not isinstance(path, str) or len(path) > LONGEST_VALUE or not path.isprintable():
            raise InvalidProvider(_("Claims that have another name there: %(names)s.", names=", ".join(STANDARD)))
    return dict(claim_names)


def checked_auth_method(method: str) -> str:
    if method not in AUTH_METHODS:
        names = ", ".join(filter(None, AUTH_METHODS))
        raise InvalidProvider(_("Choose an authentication method: %(names)s.", names=names))
    return method


def checked_position(position: int) -> int:
    if not 0 <= position <= LAST_POSITION:
        raise InvalidProvider(_("The position is a number from 0 to 999."))
    return position


def checked_email_domains(domains: Sequence[str]) -> list[str]:
    return checked_domains(domains, allows_any=True)


def checked_account_domains(domains: Sequence[str]) -> list[str]:
    return checked_domains(domains, allows_any=False)


def checked_domains(domains: Sequence[str], *, allows_any: bool) -> list[str]:
    normalized = [one.strip().lower().removeprefix("@") if isinstance(one, str) else "" for one in domains]
    words = _("Enter domains such as example.org.")
    return checked_texts(normalized, words, lambda one: is_domain(one) or (allows_any and one == "*"))


def is_domain(text: str) -> bool:
    labels = text.split(".")
    return len(labels) > 1 and all(label and label.replace("-", "a").isalnum() for label in labels)


def checked_policy(policy: str) -> str:
    if policy not in POLICIES:
        raise InvalidProvider(_("Choose who gets an account: %(names)s.", names=", ".join(POLICIES)))
    return policy


def checked_trusted(values: Sequence[str]) -> list[str]:
    return checked_texts(values, _("A value of acr or amr has no spaces."), lambda one: " " not in one)


def checked_roles(roles: Sequence[str]) -> list[str]:
    return sorted(checked_texts(roles, _("Enter role names as shown on the Roles page."), str.isidentifier))


def checked_texts(texts: Sequence[str], words: str, is_fit: Callable[[str], bool]) -> list[str]:
    """Check a list of texts: how many, their length and form. Returns it without duplicates.

    Raises:
        InvalidProvider: with these words.
    """
    if len(texts) > MOST_VALUES:
        raise InvalidProvider(_("At most %(most)s values.", most=MOST_VALUES))
    if not all(isinstance(one, str) and 0 < len(one) <= LONGEST_VALUE and one.isprintable() for one in texts):
        raise InvalidProvider(words)
    if not all(map(is_fit, texts)):
        raise InvalidProvider(words)
    return list(dict.fromkeys(texts))


def checked_rules(role_rules: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    rules = list[dict[str, str]]()
    for one in role_rules:
        if not isinstance(one, Mapping) or set(one) != RULE or not all(isinstance(text, str) for text in one.values()):
            raise InvalidProvider(_("Enter a claim, a value and a role."))
        rule = {name: one[name].strip() for name in ("claim", "value", "role")}
        if not all(0 < len(text) <= LONGEST_VALUE and text.isprintable() for text in rule.values()):
            raise InvalidProvider(_("Enter a claim, a value and a role."))
        if rule not in rules:
            rules.append(rule)
    if len(rules) > MOST_VALUES:
        raise InvalidProvider(_("At most %(most)s rules.", most=MOST_VALUES))
    return rules


def unchanged(value: bool) -> bool:
    return value


CHECKS: dict[str, Callable[[Any], Any]] = {
    "name": checked_name,
    "issuer": checked_issuer,
    "client_id": checked_client_id,
    "scopes": checked_scopes,
    "endpoints": checked_endpoints,
    "claim_names": checked_claim_names,
    "client_auth_method": checked_auth_method,
    "position": checked_position,
    "email_domains": checked_email_domains,
    "account_policy": checked_policy,
    "account_domains": checked_account_domains,
    "grantable_roles": checked_roles,
    "role_rules": checked_rules,
    "trusted_acr": checked_trusted,
    "trusted_amr": checked_trusted,
    "logs_out": unchanged,
}
"""What a value must be; each returns the value to store or raises ``InvalidProvider``."""
