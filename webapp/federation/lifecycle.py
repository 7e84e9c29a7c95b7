"""Providers: add, change, disable, enable, remove; each within the rights of the editor, and recorded."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import roles
from webapp.accounts.admin_actions import may_grant
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.encryption import Encryptor
from webapp.core.outgoing_http import PrivateHosts
from webapp.core.translation import _
from webapp.federation import providers, role_rules
from webapp.federation.models import LinkedIdentity, LoginProvider
from webapp.federation.provider_secrets import secret_of, set_secret
from webapp.federation.provider_settings import NAMES, InvalidProvider, ProviderSettings, apply
from webapp.federation.reachable_hosts import refuse_unreachable, requested_urls
from webapp.federation.subject_settings import (
    forget_waiting,
    login_mark,
    refuse_other_subjects,
    refuse_same_issuer,
    subject_settings,
)

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,28}[a-z0-9])?")


class IsDeclared(Exception):
    """``providers.toml`` declares the provider, so it is changed there. The message is its name."""


@dataclass(frozen=True, slots=True)
class ProviderEditor:
    """Who changes a provider."""

    origin: str
    """``page``, ``cli`` or ``file``."""
    user_id: UUID | None = None
    roles: Collection[str] | None = None
    """All roles of the user; None for the operator of the site."""

    @property
    def is_file(self) -> bool:
        return self.origin == "file"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProvider(ProviderSettings):
    """What is entered of a provider; the fields that are not in ``ProviderSettings`` cannot be changed later."""

    slug: str
    kind: str = "oidc"
    preset: str = ""


def add(
    db: Session, encryptor: Encryptor, private: PrivateHosts, new: NewProvider, secret: str, editor: ProviderEditor
) -> LoginProvider:
    """Add a provider.

    Args:
        private: hosts that this site may reach although they are not public.
        secret: the client secret; empty for a public client.

    Raises:
        InvalidProvider
    """
    if not SLUG.fullmatch(new.slug):
        raise InvalidProvider(_("The short name has at most 30 lower-case letters, digits and hyphens, such as acme."))
    if len(providers.list_providers(db)) >= providers.MAX_PROVIDERS:
        raise InvalidProvider(_("At most %(most)s providers.", most=providers.MAX_PROVIDERS))
    row = LoginProvider(
        id=uuid4(),
        slug=new.slug,
        kind=new.kind,
        preset=new.preset,
        is_declared=editor.is_file,
        created_at=now(),
    )
    apply(row, new)
    refuse_foreign_roles(db, row, editor)
    refuse_same_issuer(db, row)
    refuse_unreachable(row, private)
    set_secret(row, encryptor, secret)
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError as error:
        # Another request may have added one with the same issuer meanwhile.
        refuse_same_issuer(db, row)
        raise InvalidProvider(_("There is a provider with the short name %(name)s already.", name=new.slug)) from error
    record_change(db, Event.PROVIDER_MADE, row, editor, issuer=row.issuer)
    return row


def edit(
    db: Session,
    encryptor: Encryptor,
    private: PrivateHosts,
    row: LoginProvider,
    desired: ProviderSettings,
    editor: ProviderEditor,
    *,
    secret: str | None = None,
) -> bool:
    """Change a provider.

    Args:
        private: as for ``add``.
        secret: another client secret; empty removes it, None keeps it.

    Returns:
        Whether anything changed.

    Raises:
        InvalidProvider, IsDeclared
    """
    refuse_declared(row, editor)
    former, former_subjects, former_mark = recorded(row), subject_settings(row), login_mark(row)
    former_urls = requested_urls(row)
    apply(row, desired)
    with db.no_autoflush:
        refuse_foreign_roles(db, row, editor)
        refuse_unreachable(row, private, former_urls)
        refuse_other_subjects(db, row, former_subjects)
        refuse_same_issuer(db, row)
    has_other_secret = secret is not None and secret != secret_of(row, encryptor)
    if has_other_secret:
        set_secret(row, encryptor, secret or "")
    flush(db, row)
    if login_mark(row) != former_mark:
        forget_waiting(db, row)
    after = recorded(row)
    changed = [name for name in after if after[name] != former[name]]
    if changed or has_other_secret:
        before = {name: former[name] for name in changed}
        record_change(
            db,
            Event.PROVIDER_EDITED,
            row,
            editor,
            before=before,
            after={name: after[name] for name in changed},
            **({"secret": "replaced"} if has_other_secret else {}),
        )
    return bool(changed) or has_other_secret


def flush(db: Session, row: LoginProvider) -> None:
    """Write a changed provider. Raises InvalidProvider if another request has given its issuer away meanwhile."""
    issuer = row.issuer
    try:
        db.flush()
    except IntegrityError as error:
        raise InvalidProvider(_("Another provider has the issuer %(issuer)s already.", issuer=issuer)) from error


def recorded(row: LoginProvider) -> dict[str, object]:
    """The settings as the audit log shows them."""
    return {name: in_words(getattr(row, name)) for name in NAMES}


def in_words(value: object) -> object:
    if isinstance(value, Mapping):
        return [f"{name}={one}" for name, one in value.items()]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [f"{rule['claim']}={rule['value']}:{rule['role']}" for rule in value]
    return value


def lock(db: Session, row: LoginProvider) -> None:
    """Wait for a concurrent change to end, so that what follows sees its result."""
    db.refresh(row, with_for_update=True)


def refuse_declared(row: LoginProvider, editor: ProviderEditor) -> None:
    if row.is_declared and not editor.is_file:
        raise IsDeclared(row.name)


def refuse_foreign_roles(db: Session, row: LoginProvider, editor: ProviderEditor) -> None:
    """Refuse a provider that may give a role which the editor may not give.

    This includes roles that it could give before: a change of its issuer or of a rule decides who gets them.

    Raises:
        InvalidProvider
    """
    for name in row.grantable_roles:
        closure = roles.included_in(db, name)
        if not closure:
            raise InvalidProvider(_("There is no role called %(role)s.", role=name))
        if editor.roles is not None and not may_grant(editor.roles, closure):
            raise InvalidProvider(_("You can't assign the role %(role)s, so no rule of yours can.", role=name))


def disable(db: Session, row: LoginProvider, editor: ProviderEditor) -> None:
    """Let nobody log in with a provider. Its settings and links are kept, and sessions go on.

    Raises:
        IsDeclared
    """
    refuse_declared(row, editor)
    if row.disabled_at is None:
        row.disabled_at = now()
        record_change(db, Event.PROVIDER_DISABLED, row, editor)


def enable(db: Session, row: LoginProvider, editor: ProviderEditor) -> None:
    """Enable a provider, so that its button is on the login page again.

    Raises:
        IsDeclared
        InvalidProvider: it may give a role that the editor may not give.
    """
    refuse_declared(row, editor)
    refuse_foreign_roles(db, row, editor)
    if row.disabled_at is not None:
        row.disabled_at = None
        record_change(db, Event.PROVIDER_ENABLED, row, editor)


def remove(db: Session, row: LoginProvider, editor: ProviderEditor) -> None:
    """Remove a provider with its links. Roles that its rules gave are taken away; accounts and sessions stay.

    Raises:
        IsDeclared
    """
    refuse_declared(row, editor)
    links = db.scalars(select(LinkedIdentity).where(LinkedIdentity.provider_id == row.id)).all()
    roles_taken = sum(role_rules.take_back(db, link, row) for link in links)
    record_change(
        db, Event.PROVIDER_REMOVED, row, editor, users=len({link.user_id for link in links}), taken=roles_taken
    )
    # With ON DELETE CASCADE of the database instead of loading each object.
    db.execute(delete(LoginProvider).where(LoginProvider.id == row.id))


def record_change(db: Session, event: Event, row: LoginProvider, editor: ProviderEditor, **details: object) -> None:
    event_details: dict[str, Any] = {"provider_id": str(row.id), "name": row.name, "origin": editor.origin} | details
    record(db, event, actor_id=editor.user_id, **event_details)
