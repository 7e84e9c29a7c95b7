"""Authentication and authorization of every request: ``@require``, the principal, and what plug-ins may import."""

from webapp.audit.sentences.declared import declare_event
from webapp.guard.app_events import record_event
from webapp.guard.curl_examples import current_requirement
from webapp.guard.current import current_claims, current_principal, current_record, user_lookup
from webapp.guard.enforce import enforce
from webapp.guard.own_authenticators import authenticator
from webapp.guard.policy import Requirement
from webapp.guard.principal import Principal
from webapp.guard.refusal_hook import Refusal, on_refusal
from webapp.guard.require import anonymous_only, guard_blueprint, login_required, public, require
from webapp.guard.resources import resource

asked_here = current_requirement
"""The former name of ``current_requirement``."""

__all__ = [
    "Principal",
    "Refusal",
    "Requirement",
    "anonymous_only",
    "asked_here",
    "authenticator",
    "current_claims",
    "current_principal",
    "current_record",
    "current_requirement",
    "declare_event",
    "enforce",
    "guard_blueprint",
    "login_required",
    "on_refusal",
    "public",
    "record_event",
    "require",
    "resource",
    "user_lookup",
]
