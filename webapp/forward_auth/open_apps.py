"""open_apps(): the apps whose first page a caller may open."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.forward_auth import grants
from webapp.forward_auth.checks import AccessDecisions, ForwardAuth
from webapp.forward_auth.original_request import OriginalRequest
from webapp.forward_auth.proxied_apps import AppPolicy
from webapp.forward_auth.rules import NoRule, match
from webapp.guard.policy import Decision
from webapp.guard.principal import Principal

OPEN = {Decision.ALLOW, Decision.RAISE, Decision.STEP_UP}
"""If need be after a second factor."""


def open_apps(forward_auth: ForwardAuth, db: Session, principal: Principal) -> Sequence[AppPolicy]:
    """Apps whose first page a caller may open, by name."""
    apps = {app.id: app for app in forward_auth.table().by_host.values()}.values()
    ends = grants.live_ends(db, principal.user_id)
    found = (app for app in apps if is_open(forward_auth.decisions, app, principal, ends.get(app.id)))
    return sorted(found, key=lambda app: app.name.casefold())


def is_open(decisions: AccessDecisions, app: AppPolicy, principal: Principal, granted_until: datetime | None) -> bool:
    try:
        rule = match(app, OriginalRequest("GET", "https", app.hosts[0], "/", ""), {})
    except NoRule:
        return False
    if rule.requirement.is_public:
        return True
    return decisions.decide_for(rule, principal, granted_until, now(), None)[0] in OPEN
