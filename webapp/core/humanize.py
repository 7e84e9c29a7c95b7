"""Words for names and counts in code, as people read them."""

from datetime import datetime

from babel.dates import format_datetime

from webapp.core.translation import _, _l, current_locale, listed


def humanize(name: object) -> str:
    """A name in code as people read it, such as "super admin" for "super_admin"."""
    return str(name).replace("_", " ")


def counted(count: int, noun: str) -> str:
    """A count with its noun, such as "2 tokens", for the commands, which are in English. Pages and mails use ``_n``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


METHODS = {
    "pwd": _l("password"),
    "otp": _l("code"),
    "recovery": _l("recovery code"),
    "hwk": _l("passkey"),
    "swk": _l("passkey"),
    "setup": _l("setup link"),
    "federated": _l("identity provider"),
    # Two factors at the provider.
    "mfa": "",
    "user": "",
}


def methods_in_words(amr: object) -> str:
    """Authentication methods (RFC 8176) as people read them, such as "password and code"."""
    return listed(word for method in str(amr).split() if (word := METHODS.get(method, method)))


def minute(moment: datetime) -> str:
    """A time to the minute for people, such as "14 March 2027, 12:00 UTC"."""
    # Translators: a date and time pattern, in the letters of Unicode TR35.
    pattern = _("d MMMM y, HH:mm")
    return f"{format_datetime(moment, pattern, locale=current_locale())} {moment:%Z}"
