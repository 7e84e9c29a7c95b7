"""Apps: add, change, disable, enable, remove; each recorded, and effective in every process with the next check."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import roles, user_queries
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.forward_auth.app_settings import SLUG, AppSettings, InvalidAppSettings, RuleSettings, checked
from webapp.forward_auth.models import AccessRule, ProxiedApp, ProxiedHost
from webapp.forward_auth.proxied_apps import NOBODY, note_change

MOST_APPS = 200
RULE_FIELDS = tuple(field.name for field in fields(RuleSettings))


class AppIsDeclared(Exception):
    """``apps.toml`` declares the app, so it is changed there. The message is its name."""


@dataclass(frozen=True, slots=True)
class AppEditor:
    """Who changes an app."""

    origin: str
    """``page``, ``cli`` or ``file``."""
    user_id: UUID | None = None

    @property
    def is_file(self) -> bool:
        return self.origin == "file"


def add(db: Session, slug: str, desired: AppSettings, editor: AppEditor, *, own_host: str) -> ProxiedApp:
    """Add an app.

    Args:
        slug: its name in the scope ``app:SLUG``, which stays.
        own_host: of this site.

    Raises:
        InvalidAppSettings
    """
    if not SLUG.fullmatch(slug):
        raise InvalidAppSettings(
            _("The short name has at most 30 lower-case letters, digits and hyphens, such as wiki.")
        )
    if (db.scalar(select(func.count()).select_from(ProxiedApp)) or 0) >= MOST_APPS:
        raise InvalidAppSettings(_("At most %(most)s apps.", most=MOST_APPS))
    if by_slug(db, slug) is not None:
        raise InvalidAppSettings(_("There is an app with the short name %(name)s already.", name=slug))
    row = ProxiedApp(id=uuid4(), slug=slug, is_declared=editor.is_file, created_at=now(), name=desired.name)
    settings = storable(db, row, desired, own_host=own_host)
    db.add(row)
    store(db, row, settings)
    record_change(db, Event.PROXIED_APP_MADE, row, editor, hosts=list(settings.hosts))
    return row


def edit(db: Session, row: ProxiedApp, desired: AppSettings, editor: AppEditor, *, own_host: str) -> bool:
    """Change an app. Returns whether anything changed.

    Raises:
        InvalidAppSettings, AppIsDeclared
    """
    refuse_declared(row, editor)
    former = recorded(settings_of(db, row))
    store(db, row, storable(db, row, desired, own_host=own_host))
    after = recorded(settings_of(db, row))
    changed = [name for name in after if after[name] != former[name]]
    if changed:
        before = {name: former[name] for name in changed}
        record_change(
            db, Event.PROXIED_APP_EDITED, row, editor, before=before, after={name: after[name] for name in changed}
        )
    return bool(changed)


def storable(db: Session, row: ProxiedApp, desired: AppSettings, *, own_host: str) -> AppSettings:
    """The settings in the form in which they are stored.

    Raises:
        InvalidAppSettings: they do not fit, or a role or user does not exist.
    """
    settings = checked(desired, own_host=own_host)
    refuse_unknown(db, settings, {*(row.people or ()), str(row.owner_id), str(NOBODY)})
    return settings


def store(db: Session, row: ProxiedApp, desired: AppSettings) -> None:
    """Write the settings of an app to its row, its hosts and its rules.

    Raises:
        InvalidAppSettings: another app has one of the hosts.
    """
    row.name, row.icon, row.owner_id = desired.name, desired.icon, desired.owner_id
    row.roles, row.people = list(desired.roles), list(desired.people)
    db.flush()
    # A rule that stays keeps its id; one that is edited gets another, so that an older page of it changes nothing.
    former = [(rule_settings(one), one.id) for one in rules_of(db, row)]
    db.execute(delete(ProxiedHost).where(ProxiedHost.app_id == row.id))
    db.execute(delete(AccessRule).where(AccessRule.app_id == row.id))
    conflict = db.scalar(select(ProxiedHost.host).where(ProxiedHost.host.in_(desired.hosts)).limit(1))
    if conflict is not None:
        raise InvalidAppSettings(_("Another app has the host %(host)s.", host=conflict))
    try:
        with db.begin_nested():
            db.add_all(ProxiedHost(host=host, app_id=row.id, position=at) for at, host in enumerate(desired.hosts))
    except IntegrityError as error:
        raise InvalidAppSettings(_("Another app has one of these hosts.")) from error
    for position, rule in enumerate(desired.rules):
        same_rule = next((one for one in former if one[0] == rule), (rule, uuid4()))
        former = [one for one in former if one is not same_rule]
        db.add(AccessRule(id=same_rule[1], app_id=row.id, position=position, **asdict(rule)))
    db.flush()
    note_change(db)


def refuse_unknown(db: Session, desired: AppSettings, former: Collection[str]) -> None:
    """Refuse settings of an app that name a role or an account that does not exist.

    Args:
        former: ids that are stored already: an account that was deleted since does not hinder other changes.
    """
    role_names = {*desired.roles, *(rule.role for rule in desired.rules if rule.role)}
    existing_roles = {role.name for role in roles.list_roles(db)}
    if unknown := sorted(role_names - existing_roles):
        raise InvalidAppSettings(_("There is no role called %(role)s.", role=unknown[0]))
    people = [*desired.people, *([str(desired.owner_id)] if desired.owner_id else [])]
    for one in people:
        if one not in former and user_queries.by_id(db, UUID(one)) is None:
            raise InvalidAppSettings(_("One of these users no longer has an account."))


def settings_of(db: Session, row: ProxiedApp) -> AppSettings:
    """What is stored of an app, as it was entered."""
    return AppSettings(
        name=row.name,
        icon=row.icon,
        owner_id=row.owner_id,
        hosts=hosts_of(db, row),
        roles=list(row.roles),
        people=list(row.people),
        rules=[rule_settings(rule) for rule in rules_of(db, row)],
    )


def rule_settings(rule: AccessRule) -> RuleSettings:
    return RuleSettings(**{name: getattr(rule, name) for name in RULE_FIELDS})


def recorded(settings: AppSettings) -> dict[str, object]:
    """The settings as the audit log shows them: of rules only what differs from the defaults."""
    usual = RuleSettings()
    rules = [
        " ".join(
            [
                rule.path,
                *(f"{name}={getattr(rule, name)}" for name in RULE_FIELDS[1:] if differs(rule, usual, name)),
            ]
        )
        for rule in settings.rules
    ]
    owner = str(settings.owner_id) if settings.owner_id else None
    return asdict(settings) | {"rules": rules, "owner_id": owner, "hosts": list(settings.hosts)}


def differs(rule: RuleSettings, usual: RuleSettings, name: str) -> bool:
    return (getattr(rule, name) or None) != (getattr(usual, name) or None)


def disable(db: Session, row: ProxiedApp, editor: AppEditor) -> None:
    """Let nobody open an app; its settings are kept.

    Raises:
        AppIsDeclared
    """
    refuse_declared(row, editor)
    if row.disabled_at is None:
        row.disabled_at = now()
        note_change(db)
        record_change(db, Event.PROXIED_APP_DISABLED, row, editor)


def enable(db: Session, row: ProxiedApp, editor: AppEditor) -> None:
    """Enable an app, so that its requests are checked again instead of refused.

    Raises:
        AppIsDeclared
    """
    refuse_declared(row, editor)
    if row.disabled_at is not None:
        row.disabled_at = None
        note_change(db)
        record_change(db, Event.PROXIED_APP_ENABLED, row, editor)


def remove(db: Session, row: ProxiedApp, editor: AppEditor) -> None:
    """Remove an app with its rules, logins and grants. Its proxy is answered 403 from then on.

    Raises:
        AppIsDeclared
    """
    refuse_declared(row, editor)
    record_change(db, Event.PROXIED_APP_REMOVED, row, editor)
    # With ON DELETE CASCADE of the database instead of loading each object.
    db.execute(delete(ProxiedApp).where(ProxiedApp.id == row.id))
    note_change(db)


def list_apps(db: Session) -> Sequence[ProxiedApp]:
    """All apps by name."""
    return db.scalars(select(ProxiedApp).order_by(ProxiedApp.name)).all()


def lock(db: Session, row: ProxiedApp) -> None:
    """Wait for a concurrent change to end, so that what follows sees its result."""
    db.refresh(row, with_for_update=True)


def by_slug(db: Session, slug: str) -> ProxiedApp | None:
    return db.scalar(select(ProxiedApp).where(ProxiedApp.slug == slug))


def hosts_of(db: Session, row: ProxiedApp) -> list[str]:
    query = select(ProxiedHost.host).where(ProxiedHost.app_id == row.id).order_by(ProxiedHost.position)
    return list(db.scalars(query))


def rules_of(db: Session, row: ProxiedApp) -> Sequence[AccessRule]:
    return db.scalars(select(AccessRule).where(AccessRule.app_id == row.id).order_by(AccessRule.position)).all()


def refuse_declared(row: ProxiedApp, editor: AppEditor) -> None:
    if row.is_declared and not editor.is_file:
        raise AppIsDeclared(row.name)


def record_change(db: Session, event: Event, row: ProxiedApp, editor: AppEditor, **details: object) -> None:
    event_details: dict[str, Any] = {"app_id": str(row.id), "name": row.name, "origin": editor.origin} | details
    record(db, event, actor_id=editor.user_id, **event_details)
