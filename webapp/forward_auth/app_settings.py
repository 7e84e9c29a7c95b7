"""AppSettings and RuleSettings: what is entered of an app; checked() refuses what cannot be applied."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from urllib.parse import urlsplit
from uuid import UUID

from webapp.core.translation import _
from webapp.forward_auth.original_request import DEFAULT_PORTS, METHOD, NotReadable, canonical_host
from webapp.forward_auth.path_patterns import InvalidPathPattern, pattern_of
from webapp.guard.assurance import BY_ACR
from webapp.settings.idn import InvalidHost, ascii_host

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?")
LONGEST_NAME = 50
LONGEST_ICON = 8
MOST_HOSTS, MOST_RULES, MOST_METHODS, MOST_NETWORKS, MOST_PEOPLE = 20, 50, 20, 20, 500
AUTHORIZATION = "bearer", "basic", "app"
LEVELS = "", "aal2", "phr"


class InvalidAppSettings(Exception):
    """The app cannot be stored like this. The message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """Every field is a column of ``AccessRule``, a key of ``apps.toml`` and a field of the form."""

    path: str = "/*"
    methods: Sequence[str] = ()
    is_public: bool = False
    role: str | None = None
    level: str = ""
    accepts_tokens: bool = True
    authorization: str = "bearer"
    accepts_dpop: bool = False
    allows_preflight: bool = False
    sends_identity: bool = True
    networks: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSettings:
    """What can be changed of an app."""

    name: str
    hosts: Sequence[str]
    """The first is where links to the app lead."""
    icon: str = ""
    owner_id: UUID | None = None
    roles: Sequence[str] = ()
    people: Sequence[str] = ()
    rules: Sequence[RuleSettings] = field(default_factory=lambda: (RuleSettings(),))


def checked(desired: AppSettings, *, own_host: str) -> AppSettings:
    """The settings in the form in which they are stored.

    Args:
        own_host: of this site, which is no app.

    Raises:
        InvalidAppSettings
    """
    name, icon = desired.name.strip(), desired.icon.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InvalidAppSettings(_("The name of an app has 1 to %(most)s printable characters.", most=LONGEST_NAME))
    if len(icon) > LONGEST_ICON or not all(sign.isprintable() or sign == "\u200d" for sign in icon):
        raise InvalidAppSettings(_("The icon is an emoji or one or two letters."))
    hosts = list(dict.fromkeys(map(checked_host, desired.hosts)))
    if not hosts or len(hosts) > MOST_HOSTS:
        raise InvalidAppSettings(_("An app has 1 to %(most)s hosts.", most=MOST_HOSTS))
    if own_host in hosts:
        raise InvalidAppSettings(_("%(host)s is the host of this site. An app needs one of its own.", host=own_host))
    if not desired.rules or len(desired.rules) > MOST_RULES:
        raise InvalidAppSettings(_("An app has 1 to %(most)s rules.", most=MOST_RULES))
    if len(desired.people) > MOST_PEOPLE:
        raise InvalidAppSettings(_("At most %(most)s people. Use a role for more.", most=MOST_PEOPLE))
    rules = [checked_rule(rule, number) for number, rule in enumerate(desired.rules, 1)]
    roles, people = list(dict.fromkeys(desired.roles)), list(dict.fromkeys(desired.people))
    return replace(desired, name=name, icon=icon, hosts=hosts, roles=roles, people=people, rules=rules)


def host_of_site(base_url: str) -> str:
    """The host of this site, in the spelling of ``checked_host``; it cannot be the host of an app."""
    return checked_host("{0.scheme}://{0.netloc}".format(urlsplit(base_url)))


def checked_host(value: str) -> str:
    """The canonical spelling of a host; a URL copied from a browser is accepted too.

    Raises:
        InvalidAppSettings
    """
    text = value.strip().lower()
    scheme = "http" if text.startswith("http://") else "https"
    bare = text.removeprefix("https://").removeprefix("http://").removesuffix("/")
    try:
        name, colon, port = bare.partition(":") if not bare.startswith("[") else (bare, "", "")
        host = canonical_host(ascii_host(name) + colon + port, scheme)
    except (InvalidHost, NotReadable, ValueError) as error:
        raise InvalidAppSettings(_("%(host)s is not a host, such as wiki.example.org.", host=value[:100])) from error
    # The default ports of both schemes are removed: most apps have one of the two.
    return host.removesuffix(DEFAULT_PORTS["http"]) if scheme == "https" else host


def checked_rule(rule: RuleSettings, number: int) -> RuleSettings:
    """Check and normalise one access rule: path pattern, methods, role, level and networks.

    Raises:
        InvalidAppSettings
    """

    def invalid(reason: str) -> InvalidAppSettings:
        return InvalidAppSettings(_("Rule %(number)s: %(reason)s", number=number, reason=reason))

    try:
        pattern_of(rule.path)
    except InvalidPathPattern as error:
        raise invalid(_("The path is a pattern such as /admin/*. It has no escapes and no empty segments.")) from error
    methods = list(dict.fromkeys(method.upper() for method in rule.methods))
    if len(methods) > MOST_METHODS or not all(METHOD.fullmatch(method) for method in methods):
        raise invalid(_("Methods are words such as GET or PROPFIND."))
    if "HEAD" in methods:
        raise invalid(_("Enter GET, which includes HEAD."))
    if rule.level not in LEVELS or (rule.level and rule.level not in BY_ACR):
        raise invalid(_("The level is empty, aal2 or phr."))
    if rule.authorization not in AUTHORIZATION:
        raise invalid(_("Choose bearer, basic or app for Authorization."))
    if rule.is_public and (rule.role or rule.level):
        raise invalid(_("A public rule asks nobody to log in, so it has no role and no level."))
    if len(rule.networks) > MOST_NETWORKS:
        raise invalid(_("At most %(most)s networks.", most=MOST_NETWORKS))
    try:
        networks = [str(ip_network(network.strip(), strict=False)) for network in rule.networks]
    except ValueError as error:
        raise invalid(_("Networks are written such as 192.0.2.0/24.")) from error
    return replace(rule, methods=methods, networks=networks, role=rule.role or None)
