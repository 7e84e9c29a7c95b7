"""Sentences for events of apps that log users in here."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Entries, Sentence
from webapp.core.translation import _l

APPS: Entries = {
    Event.CLIENT_MADE: Sentence(_l("The app %(name)s was registered.")),
    Event.CLIENT_EDITED: Sentence(_l("The app %(name)s was changed.")),
    Event.CLIENT_DISABLED: Sentence(_l("The app %(name)s was disabled. Logins to it that ended: %(ended)s.")),
    Event.CLIENT_ENABLED: Sentence(_l("The app %(name)s was enabled.")),
    Event.CLIENT_REMOVED: Sentence(_l("The app %(name)s was removed.")),
    Event.CLIENT_SECRET_MADE: Sentence(_l("The app %(name)s got a new secret.")),
    Event.REGISTRATION_TOKEN_MADE: Sentence(
        _l("A registration token was created: %(uses)s."),
        by=_l("%(actor)s created a registration token: %(uses)s."),
    ),
    Event.REGISTRATION_TOKEN_REVOKED: Sentence(
        _l("A token with which apps can register themselves was revoked."),
        by=_l("A token with which apps can register themselves was revoked by %(actor)s."),
    ),
    Event.LOGOUT_GIVEN_UP: Sentence(
        _l("Logout notices to %(name)s that could not be sent: %(count)s. Reason: %(reason)s.")
    ),
    Event.LOGOUT_RETRIED: Sentence(
        _l("The logout notice to %(name)s was retried."),
        by=_l("The logout notice to %(name)s was retried by %(actor)s."),
    ),
    Event.APP_ALLOWED: Sentence(
        _l("You gave the app %(name)s access: %(scopes)s."), _l("%(user)s gave the app %(name)s access: %(scopes)s.")
    ),
    Event.DEVICE_ALLOWED: Sentence(
        _l("You allowed the app %(name)s on another device: %(scopes)s."),
        _l("%(user)s allowed the app %(name)s on another device: %(scopes)s."),
    ),
    Event.DEVICE_DENIED: Sentence(
        _l("You did not allow the app %(name)s on another device."),
        _l("%(user)s did not allow the app %(name)s on another device."),
    ),
    Event.APP_LOGGED_IN: Sentence(_l("You logged in to %(name)s."), _l("%(user)s logged in to %(name)s.")),
    Event.APP_REFRESHED: Sentence(
        _l("The app %(name)s refreshed its access."), _l("The app %(name)s refreshed its access for %(user)s.")
    ),
    Event.APP_ENDED: Sentence(_l("The access of an app ended."), _l("The access of an app of %(user)s ended.")),
    Event.CODE_REUSED: Sentence(
        _l("An authorization code was used twice, so what the app had got with it was revoked."),
        _l("An authorization code of %(user)s was used twice, so what the app had got with it was revoked."),
    ),
    Event.DEVICE_CODE_REUSED: Sentence(
        _l("A device code was used twice, so what the app had got with it was revoked."),
        _l("A device code of %(user)s was used twice, so what the app had got with it was revoked."),
    ),
    Event.APP_REUSED: Sentence(
        _l("A refresh token of an app was used twice, so its access was revoked."),
        _l("A refresh token of an app of %(user)s was used twice, so its access was revoked."),
    ),
}
