"""/admin/identity-providers/ID/test: a trial login, which shows each check; nobody is logged in by it."""

import json
from uuid import UUID

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.admin.views.identity_providers.blueprint import bp, provider_in
from webapp.admin.views.permissions import SUPER_ADMIN, admin_form
from webapp.admin.views.provider_details import claims_outcome
from webapp.core.translation import _
from webapp.federation import providers
from webapp.federation.checks import LoginFailed
from webapp.federation.login_outcome import outcome_of
from webapp.federation.models import LoginProvider
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.trial_report import advice, check_lines
from webapp.federation.views.trial import begin_trial
from webapp.guard import Principal
from webapp.web.problems import Problem
from webapp.web.transaction import database

LONGEST_SHOWN = 500


@bp.get("/admin/identity-providers/<uuid:provider_id>/test")
@admin_form(SUPER_ADMIN)
def begin_test(principal: Principal, provider_id: UUID) -> ResponseReturnValue:
    """Log in at a provider for a test: redirects there, and shows what fails before that."""
    # In a transaction of its own, because a request to the provider follows.
    with database().read() as reading:
        row = provider_in(reading, provider_id)
    try:
        return begin_trial(row, principal)
    except LoginFailed as error:
        return report(row, error)


def show_trial(row: LoginProvider, result: ProviderIdentity | LoginFailed, /) -> ResponseReturnValue:
    """Show the result of a trial login; the hook ``TrialFinished``."""
    if SUPER_ADMIN not in current_user.roles:
        raise Problem(403, _("Only a super admin can test identity providers"))
    return report(row, result)


def report(row: LoginProvider, result: ProviderIdentity | LoginFailed) -> str:
    error = result if isinstance(result, LoginFailed) else None
    uri = providers.redirect_uri(current_app.config["BASE_URL"], row.slug)
    outcome, claims = None, dict[str, str]()
    if isinstance(result, ProviderIdentity):
        with database().read() as reading:
            outcome = claims_outcome(outcome_of(reading, row, result), row)
        claims = {name: shown_value(value) for name, value in result.claims.items()}
    return render_template(
        "admin/identity_providers/test.html",
        provider=row,
        lines=check_lines(row.kind, error),
        error=error,
        advice=advice(error, uri) if error is not None else "",
        redirect_uri=uri,
        outcome=outcome,
        claims=claims,
    )


def shown_value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
