"""The buttons of the login page: one for each provider."""

from collections.abc import Sequence

from flask import url_for

from webapp.accounts.views.login_buttons import LoginButton
from webapp.federation import providers
from webapp.web.transaction import database


def login_buttons(target: str | None) -> Sequence[LoginButton]:
    """The hook ``LoginButtonsFor``."""
    with database().read() as reading:
        listed = providers.enabled(reading)
    return [
        LoginButton(
            row.name, row.preset, url_for("federation.start", slug=row.slug, next=target or None), row.account_policy
        )
        for row in listed
    ]
