"""The blueprint of the pages of identity providers, and what they share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint
from sqlalchemy.orm import Session

from webapp.core.outgoing_http import PrivateHosts
from webapp.core.translation import _
from webapp.federation import lifecycle, providers
from webapp.federation.lifecycle import IsDeclared, ProviderEditor
from webapp.federation.models import LoginProvider
from webapp.federation.provider_settings import settings_of
from webapp.federation.providers import ProviderEncryptor
from webapp.guard import Principal
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import db

bp = Blueprint("admin_providers", __name__)

# Settings of a provider can give access to every account, so only roles that have such access may change them.


def provider_of(provider_id: UUID) -> LoginProvider:
    """The identity provider with the id of the URL.

    Raises:
        Problem: 404
    """
    return provider_in(db(), provider_id)


def provider_in(db: Session, provider_id: UUID) -> LoginProvider:
    row = providers.by_id(db, provider_id)
    if row is None:
        raise Problem(404, _("Identity provider not found"), _("It does not exist or was removed."))
    return row


def provider_to_change(provider_id: UUID) -> LoginProvider:
    """The provider, locked until the request ends.

    Raises:
        Problem: 404
    """
    row = provider_of(provider_id)
    lifecycle.lock(db(), row)
    return row


def editor_of(principal: Principal) -> ProviderEditor:
    return ProviderEditor("page", principal.user_id, principal.roles)


@contextmanager
def refuse_declared() -> Iterator[None]:
    try:
        yield
    except IsDeclared as error:
        raise Problem(
            409,
            _("%(provider)s is declared in a file", provider=error),
            _("Change it in providers.toml in the instance folder, and restart this site. Nothing was changed."),
        ) from error


def change_settings(row: LoginProvider, principal: Principal, secret: str | None = None, **chosen: Any) -> None:
    """Change some settings of an identity provider, and check the result before it is stored.

    Args:
        chosen: fields of ``ProviderSettings``; the others stay as they are.

    Raises:
        InvalidProvider
        Problem: 409, a file declares it.
    """
    # Within a savepoint, because the row is changed before it is checked.
    with db().begin_nested(), refuse_declared():
        desired, encryptor = replace(settings_of(row), **chosen), service(ProviderEncryptor)
        lifecycle.edit(db(), encryptor, service(PrivateHosts), row, desired, editor_of(principal), secret=secret)
