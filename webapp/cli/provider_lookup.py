"""provider_called(): the provider that a command names, and what commands print of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.orm import Session

from webapp.cli.errors import CommandRefused
from webapp.federation import providers
from webapp.federation.declared_providers import FILE
from webapp.federation.lifecycle import IsDeclared, ProviderEditor
from webapp.federation.models import LoginProvider
from webapp.federation.provider_settings import NAMES, InvalidProvider
from webapp.federation.provider_use import ProviderUse

OPERATOR = ProviderEditor("cli")


def provider_called(db: Session, name: str) -> LoginProvider:
    """The provider with this short name.

    Raises:
        CommandRefused
    """
    row = providers.by_slug(db, name.lower())
    if row is None:
        raise CommandRefused(f"There is no provider {name}. List them with: python -m webapp provider list")
    return row


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what does not fit into one sentence for the operator."""
    try:
        yield
    except InvalidProvider as error:
        raise CommandRefused(str(error)) from error
    except IsDeclared as error:
        raise CommandRefused(f"{error} is declared in {FILE} of the instance folder. Change it there.") from error


def facts_of(row: LoginProvider, use: ProviderUse | None, base_url: str) -> dict[str, Any]:
    """The settings of a provider as commands print them, without the client secret."""
    return {
        "slug": row.slug,
        "kind": row.kind,
        "preset": row.preset,
        "state": "disabled" if row.disabled_at else "enabled",
        "is_declared": row.is_declared,
        "redirect_uri": providers.redirect_uri(base_url, row.slug),
        "has_secret": row.client_secret is not None,
        "users": use.users if use else 0,
        **{name: getattr(row, name) for name in NAMES},
    }
