"""app_called(): the proxied app that a command names, and what commands print of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm import Session

from webapp.accounts.user_ids import UnknownPeople, shown_names
from webapp.cli.errors import CommandRefused
from webapp.forward_auth import lifecycle
from webapp.forward_auth.app_file import FILE
from webapp.forward_auth.app_settings import InvalidAppSettings
from webapp.forward_auth.lifecycle import AppEditor, AppIsDeclared
from webapp.forward_auth.models import ProxiedApp
from webapp.forward_auth.proxied_apps import scope_of
from webapp.forward_auth.rule_sentences import rule_sentences, where

OPERATOR = AppEditor("cli")


def app_called(db: Session, slug: str) -> ProxiedApp:
    """The app with this short name.

    Raises:
        CommandRefused
    """
    row = lifecycle.by_slug(db, slug.lower())
    if row is None:
        raise CommandRefused(f"There is no app {slug}. List them with: python -m webapp proxied-app list")
    return row


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what does not fit into one sentence for the operator."""
    try:
        yield
    except (InvalidAppSettings, UnknownPeople) as error:
        raise CommandRefused(str(error)) from error
    except AppIsDeclared as error:
        raise CommandRefused(f"{error} is declared in {FILE} of the instance folder. Change it there.") from error


def facts_of(db: Session, row: ProxiedApp) -> dict[str, Any]:
    current = lifecycle.settings_of(db, row)
    return {
        "slug": row.slug,
        "name": row.name,
        "icon": row.icon,
        "state": "disabled" if row.disabled_at else "enabled",
        "is_declared": row.is_declared,
        "scope": scope_of(row.slug),
        "hosts": list(current.hosts),
        "roles": list(row.roles),
        "people": shown_names(db, row.people),
        "owner": "".join(shown_names(db, [str(row.owner_id)])) if row.owner_id else None,
        "rules": [
            {"number": number, "where": where(rule), "sentences": rule_sentences(rule, scope_of(row.slug))}
            | asdict(rule)
            for number, rule in enumerate(current.rules, 1)
        ],
    }
