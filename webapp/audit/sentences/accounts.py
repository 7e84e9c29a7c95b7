"""Sentences for events of accounts, roles and invitations."""

from webapp.audit.log import Event
from webapp.audit.sentences.wording import Details, Entries, Sentence
from webapp.core.translation import _l


def invited(details: Details) -> Sentence:
    if details.raw("email"):
        return Sentence(
            _l("%(email)s was invited to the role %(role)s."),
            by=_l("%(email)s was invited to the role %(role)s by %(actor)s."),
        )
    return Sentence(
        _l("Anyone with the link was invited to the role %(role)s."),
        by=_l("Anyone with the link was invited to the role %(role)s by %(actor)s."),
    )


def uninvited(details: Details) -> Sentence:
    if details.raw("email"):
        return Sentence(
            _l("The invitation for %(email)s was revoked."),
            by=_l("The invitation for %(email)s was revoked by %(actor)s."),
        )
    return Sentence(_l("An invitation was revoked."), by=_l("An invitation was revoked by %(actor)s."))


def email_changed(details: Details) -> Sentence:
    return Sentence(
        _l("Your e-mail address changed from %(former)s to %(email)s.")
        if details.raw("former")
        else _l("Your e-mail address was set to %(email)s."),
        _l("%(user)s changed their e-mail address."),
    )


def reset_requested(details: Details) -> Sentence:
    you = _l("A password reset link was requested.")
    if details.raw("way") == "by mail":
        return Sentence(
            you,
            _l("A password reset link was mailed to %(user)s."),
            _l("A password reset link was mailed to %(user)s by %(actor)s."),
        )
    return Sentence(
        you,
        _l("A password reset link was created for %(user)s."),
        _l("A password reset link was created for %(user)s by %(actor)s."),
    )


def belongs_to_role(details: Details) -> bool:
    """Whether a service account belongs to a role; otherwise to a person."""
    # The name of the owner says the same as its id.
    found = [details.raw(name) for name in ("owner", "owner_id", "owner_role")]
    return bool(found[-1])


def service_made(details: Details) -> Sentence:
    if belongs_to_role(details):
        return Sentence(
            _l("It is a service account that belongs to the role %(owner_role)s."),
            _l("%(user)s was created as a service account of the role %(owner_role)s."),
            _l("%(user)s was created by %(actor)s as a service account of the role %(owner_role)s."),
        )
    return Sentence(
        _l("It is a service account that belongs to %(owner)s."),
        _l("%(user)s is a service account of %(owner)s."),
        _l("%(user)s was created by %(actor)s as a service account of %(owner)s."),
    )


def handed_over(details: Details) -> Sentence:
    if belongs_to_role(details):
        return Sentence(
            _l("The service account was handed over to the role %(owner_role)s."),
            _l("The service account %(user)s was handed over to the role %(owner_role)s."),
            _l("The service account %(user)s was handed over to the role %(owner_role)s by %(actor)s."),
        )
    return Sentence(
        _l("The service account was handed over to %(owner)s."),
        _l("The service account %(user)s was handed over to %(owner)s."),
        _l("The service account %(user)s was handed over to %(owner)s by %(actor)s."),
    )


ACCOUNTS: Entries = {
    Event.USER_MADE: Sentence(
        _l("Your account was created with the role %(role)s."), _l("%(user)s got an account with the role %(role)s.")
    ),
    Event.SERVICE_ACCOUNT_MADE: service_made,
    Event.SERVICE_ACCOUNT_HANDED_OVER: handed_over,
    Event.USER_DISABLED: Sentence(
        _l("Your account was disabled."), _l("%(user)s was disabled."), _l("%(user)s was disabled by %(actor)s.")
    ),
    Event.USER_ENABLED: Sentence(
        _l("Your account was enabled."), _l("%(user)s was enabled."), _l("%(user)s was enabled by %(actor)s.")
    ),
    Event.USER_DELETED: Sentence(
        _l("Your account was deleted."), _l("%(user)s was deleted."), _l("%(user)s was deleted by %(actor)s.")
    ),
    Event.USER_RENAMED: Sentence(_l("Your name changed from %(former)s to %(name)s."), _l("%(user)s was renamed.")),
    Event.USER_CLOSED: Sentence(_l("You closed your account."), _l("%(user)s closed their account.")),
    Event.USER_REOPENED: Sentence(_l("You reopened your account."), _l("%(user)s reopened their account.")),
    Event.USER_FORGOTTEN: Sentence(_l("A closed account was deleted.")),
    Event.IDENTITY_LINKED: Sentence(
        _l("Your password is now managed by your identity provider. Your administrator changed this."),
        _l("The password of %(user)s is now managed by the identity provider, where they are %(known_as)s."),
    ),
    Event.IDENTITY_UNLINKED: Sentence(
        _l("Your password is now managed by this site. Your administrator changed this."),
        _l("The password of %(user)s is managed by this site again."),
    ),
    Event.PROVIDER_LINKED: Sentence(
        _l("You can log in with %(provider)s as %(shown_as)s."),
        _l("%(user)s can log in with %(provider)s as %(shown_as)s."),
    ),
    Event.PROVIDER_UNLINKED: Sentence(
        _l("You can no longer log in with %(provider)s as %(shown_as)s."),
        _l("%(user)s can no longer log in with %(provider)s as %(shown_as)s."),
        _l("%(actor)s removed the login of %(user)s with %(provider)s as %(shown_as)s."),
    ),
    Event.ROLE_CHANGED: Sentence(
        _l("Your role changed from %(former_role)s to %(role)s."),
        _l("The role of %(user)s was changed."),
        _l("The role of %(user)s was changed by %(actor)s."),
    ),
    Event.ROLE_MADE: Sentence(
        _l("The role %(role)s was created."), by=_l("The role %(role)s was created by %(actor)s.")
    ),
    Event.ROLE_EDITED: Sentence(
        _l("The role %(role)s was changed."), by=_l("The role %(role)s was changed by %(actor)s.")
    ),
    Event.ROLE_REMOVED: Sentence(
        _l("The role %(role)s was removed."), by=_l("The role %(role)s was removed by %(actor)s.")
    ),
    Event.PROFILE_CHANGED: Sentence(_l("Your profile was changed."), _l("%(user)s changed their profile.")),
    Event.EMAIL_ASKED: Sentence(
        _l("A link to verify your new e-mail address was sent to %(email)s."),
        _l("%(user)s asked to change their e-mail address to %(email)s."),
    ),
    Event.EMAIL_CHANGED: email_changed,
    Event.EMAIL_RESTORED: Sentence(
        _l("Your e-mail address was restored to %(email)s and all sessions ended."),
        _l("%(user)s restored their e-mail address %(email)s; all sessions ended."),
    ),
    Event.EMAIL_VERIFIED: Sentence(
        _l("Your e-mail address was verified."), _l("%(user)s verified their e-mail address.")
    ),
    Event.DATA_EXPORTED: Sentence(_l("You exported your data."), _l("%(user)s exported their data.")),
    Event.EVERYTHING_ENDED: Sentence(
        _l("You ended all your sessions and revoked all your tokens."),
        _l("%(user)s ended all their sessions and revoked all their tokens: %(logins)s."),
    ),
    Event.REGISTRATION_ASKED: Sentence(
        _l("Somebody tried to register with your e-mail address."),
        _l("Somebody tried to register with the e-mail address of %(user)s."),
    ),
    Event.INVITATION_MADE: invited,
    Event.INVITATION_USED: Sentence(
        _l("You registered with an invitation."), _l("%(user)s registered with an invitation.")
    ),
    Event.INVITATION_REVOKED: uninvited,
    Event.RESET_ASKED: reset_requested,
    Event.RESET_DONE: Sentence(_l("Your password was reset with a link."), _l("%(user)s reset their password.")),
    Event.RESET_STOPPED: Sentence(
        _l("A password reset link was cancelled from the mail."),
        _l("A password reset link for %(user)s was cancelled from the mail."),
    ),
    Event.PASSWORD_CHANGED: Sentence(
        _l("Your password was changed."),
        _l("The password of %(user)s was changed."),
        _l("The password of %(user)s was changed by %(actor)s."),
    ),
    Event.PASSWORD_REMOVED: Sentence(
        _l("Your password was removed. You log in without one."), _l("%(user)s removed their password.")
    ),
}
