"""Limits of mails to one mailbox that are requested without a login; beyond them none is sent, without an error."""

from datetime import timedelta

from webapp.accounts import recovery
from webapp.accounts.names import normalized_key
from webapp.core.ratelimit import Limit, Limiter

HOUR = timedelta(hours=1)
MAILED = Limit("mail-to", 4, HOUR)
# As long as a reset link works: somebody who requests a link over the limit finds a working one in the mailbox.
RESET_MAILED = Limit("reset-mail-to", 4, recovery.LIFETIME)
# Nobody can register with a link that somebody else requested, so requests of one network must not use up all mails to
# a mailbox.
REGISTRATION_MAILED = Limit("registration-mail-to", 12, HOUR)
REGISTRATION_MAILED_BY = Limit("registration-mail-by", 3, HOUR)


def may_mail_registration(limiter: Limiter, email: str, network: str) -> bool:
    """Whether another registration mail may be sent to an e-mail address at the request of this network."""
    key = normalized_key(email)
    if not limiter.take_unless_over(REGISTRATION_MAILED_BY, key, network).allowed:
        return False
    return limiter.take_unless_over(REGISTRATION_MAILED, key).allowed
