"""ProxiedApps: apps with their hosts and rules in memory, read again as soon as one of them has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.core.db import Database
from webapp.forward_auth.models import AccessRule, ProxiedApp, ProxiedAppsVersion, ProxiedHost
from webapp.forward_auth.path_patterns import PathPattern, pattern_of
from webapp.guard.assurance import BY_ACR, Level
from webapp.guard.audience import Audience
from webapp.guard.policy import Requirement

NOBODY = UUID(int=0)
"""The id of no app and no user."""
PUBLIC = Requirement(is_public=True)
VERSION_ROW = 1


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule as it is applied."""

    number: int
    """Number of the rule, from 1, in the order of the app."""
    pattern: PathPattern
    methods: frozenset[str]
    requirement: Requirement
    """What callers must meet."""
    requirement_if_granted: Requirement
    """The same for those with a grant: they need not be among those whom the app is for."""
    authorization: str
    """``AccessRule.authorization``."""
    accepts_dpop: bool
    allows_preflight: bool
    sends_identity: bool
    networks: tuple[str, ...]

    def is_for(self, method: str) -> bool:
        return not self.methods or ("GET" if method == "HEAD" else method) in self.methods


# Compared by identity, so that it is a quick key of a cache.
@dataclass(frozen=True, slots=True, eq=False)
class AppPolicy:
    id: UUID
    slug: str
    name: str
    icon: str
    hosts: tuple[str, ...]
    rules: tuple[CompiledRule, ...]
    reads_paths: bool
    """Whether a rule is for some paths only, so that a path with two meanings could reach another rule."""
    reads_methods: bool

    @property
    def scope(self) -> str:
        return scope_of(self.slug)


@dataclass(frozen=True, slots=True)
class AppsByHost:
    version: int
    by_host: Mapping[str, AppPolicy]


def scope_of(slug: str) -> str:
    """The scope that a token needs for an app."""
    return f"app:{slug}"


class ProxiedApps:
    """The apps of this site; one per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known = AppsByHost(-1, {})

    def last_read(self) -> AppsByHost:
        """The apps as they were read last, perhaps outdated; see ``table``."""
        return self._known

    def table(self, version: int | None) -> AppsByHost:
        """The apps as of a version that was read just now.

        Args:
            version: None if no app was ever added.
        """
        if self._known.version != (version or 0):
            with self._database.read() as db:
                self._known = read_table(db)
        return self._known


def read_table(db: Session) -> AppsByHost:
    # The version first: if an app changes meanwhile, the table is read once more.
    version = db.get(ProxiedAppsVersion, VERSION_ROW)
    number = version.version if version else 0
    hosts: dict[UUID, list[str]] = {}
    for row in db.scalars(select(ProxiedHost).order_by(ProxiedHost.position)):
        hosts.setdefault(row.app_id, []).append(row.host)
    rules: dict[UUID, list[AccessRule]] = {}
    for rule in db.scalars(select(AccessRule).order_by(AccessRule.position)):
        rules.setdefault(rule.app_id, []).append(rule)
    apps = [
        app_of(app, hosts.get(app.id, ()), rules.get(app.id, ()))
        for app in db.scalars(select(ProxiedApp).where(ProxiedApp.disabled_at.is_(None)))
    ]
    return AppsByHost(number, {host: app for app in apps for host in app.hosts})


def app_of(app: ProxiedApp, hosts: Iterable[str], rows: Iterable[AccessRule]) -> AppPolicy:
    """An app as its rules are applied; also for rules that are not stored yet."""
    audience = Audience(frozenset(app.roles), frozenset(map(UUID, app.people))) if app.roles or app.people else None
    rules = tuple(rule_of(app, row, audience, number) for number, row in enumerate(rows, 1))
    return AppPolicy(
        app.id,
        app.slug,
        app.name,
        app.icon,
        tuple(hosts),
        rules,
        reads_paths=any(not rule.pattern.is_for_all for rule in rules),
        reads_methods=any(rule.methods for rule in rules),
    )


def rule_of(app: ProxiedApp, row: AccessRule, audience: Audience | None, number: int) -> CompiledRule:
    def requirement(audience: Audience | None) -> Requirement:
        if row.is_public:
            return PUBLIC
        level = BY_ACR[row.level] if row.level else Level.ONE
        scope = scope_of(app.slug)
        return Requirement(role=row.role, level=level, scope=scope, session=not row.accepts_tokens, audience=audience)

    return CompiledRule(
        number,
        pattern_of(row.path),
        methods=frozenset(row.methods),
        requirement=requirement(audience),
        requirement_if_granted=requirement(None),
        authorization=row.authorization,
        accepts_dpop=row.accepts_dpop,
        allows_preflight=row.allows_preflight,
        sends_identity=row.sends_identity and not row.is_public,
        networks=tuple(str(ip_network(network)) for network in row.networks),
    )


def note_change(db: Session) -> None:
    """Let every process read the apps again; to be called in each transaction that changes one."""
    changed = update(ProxiedAppsVersion).values(version=ProxiedAppsVersion.version + 1)
    db.execute(changed.where(ProxiedAppsVersion.id == VERSION_ROW))
