"""The buttons of the login page: one for each provider."""

from collections.abc import Sequence
from uuid import UUID

from flask import url_for

from webapp.accounts.views.login_buttons import LoginButton
from webapp.federation import linking, providers
from webapp.federation.provider_assurance import highest_level
from webapp.guard.assurance import Level
from webapp.login.views.hooks import ConfirmMethod
from webapp.web.transaction import database


def login_buttons(target: str | None) -> Sequence[LoginButton]:
    """The hook ``LoginButtonsFor``."""
    with database().read() as reading:
        rows = providers.enabled(reading)
    return [
        LoginButton(
            row.name, row.preset, url_for("federation.start", slug=row.slug, next=target or None), row.account_policy
        )
        for row in rows
    ]


def confirm_ways(user_id: UUID, required_level: Level) -> Sequence[ConfirmMethod]:
    """The hook ``ConfirmWaysOf``."""
    with database().read() as reading:
        linked = {link.provider_id for link in linking.of_user(reading, user_id)}
        rows = [row for row in providers.enabled(reading) if row.id in linked] if linked else []
    return [
        ConfirmMethod(row.name, url_for("federation.confirm", slug=row.slug) if row.kind == "oidc" else "")
        for row in rows
        if highest_level(row) >= required_level
    ]
