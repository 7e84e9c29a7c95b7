"""Kinds of mails in words, for the admin pages."""

from webapp.core.humanize import humanize
from webapp.core.translation import _l

KINDS = {
    "access_decided": _l("decision about access to an app"),
    "access_requested": _l("request for access to an app"),
    "account_closed": _l("account closed"),
    "account_deleted": _l("account deleted"),
    "account_disabled": _l("account disabled"),
    "account_enabled": _l("account enabled"),
    "credential_ended": _l("access ended"),
    "code_refused": _l("wrong code"),
    "confirm_email": _l("confirm e-mail address"),
    "device_allowed": _l("device allowed"),
    "identity_linked": _l("login with a provider added"),
    "identity_unlinked": _l("login with a provider removed"),
    "email_changed": _l("e-mail address changed"),
    "email_taken_by_change": _l("change to a taken e-mail address"),
    "email_taken_by_registration": _l("registration with a taken e-mail address"),
    "everything_ended": _l("all access ended"),
    "factors_changed": _l("second factors changed"),
    "factors_reset": _l("second factors reset"),
    "factors_reset_begun": _l("reset of second factors started"),
    "invitation": _l("invitation"),
    "login_locked": _l("wrong passwords"),
    "login_unlocked": _l("login unlocked"),
    "name_changed": _l("name changed"),
    "name_taken": _l("name taken"),
    "new_login": _l("new login"),
    "new_script_login": _l("new script login"),
    "session_copied": _l("session may be copied"),
    "passkey_copied": _l("passkey may be copied"),
    "password_changed": _l("password changed"),
    "password_reset": _l("password reset"),
    "recovery_code_used": _l("recovery code used"),
    "reset_offered": _l("password link from an admin"),
    "reset_password": _l("password link"),
    "role_changed": _l("role changed"),
    "sessions_ended": _l("sessions ended"),
    "test": _l("test"),
    "token_came_late": _l("expired token used"),
    "token_minted": _l("token created"),
    "token_new_network": _l("token used from new network"),
    "token_revoked": _l("token revoked"),
    "token_rotated": _l("token rotated"),
    "token_widened": _l("token permissions added"),
    "tokens_expiring": _l("tokens expiring"),
    "tokens_unused": _l("tokens unused"),
    "verify_email": _l("verify e-mail address"),
}
FORMER_KINDS = {
    "address_changed": "email_changed",
    "address_in_use": "email_taken_by_change",
    "address_taken": "email_taken_by_registration",
    "confirm_address": "confirm_email",
    "login_frozen": "login_locked",
    "passkey_behind": "passkey_copied",
    "verify_address": "verify_email",
}
"""Names of kinds in mails that are stored under a former name."""


def kind_in_words(kind: str) -> str:
    """Such as "account disabled"; for a mail of a plug-in the name of its template."""
    return str(KINDS.get(FORMER_KINDS.get(kind, kind)) or humanize(kind))
