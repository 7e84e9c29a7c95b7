"""The form for a new token."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self

import msgspec
from flask import request
from wtforms import DateField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import Length, Optional, ValidationError

from webapp.core.clock import NEVER, now
from webapp.core.digests import new_secret
from webapp.core.dpop import InvalidDpopKey, thumbprint_in
from webapp.core.translation import _, _l
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.forms.restrictions import LimitsForm
from webapp.tokens.issuing import LONGEST_REASON, SHORTEST_REASON
from webapp.web.form import one_line, stripped

MONTH = 2592000
PRESETS = {
    3600: _l("1 hour"),
    604800: _l("7 days"),
    MONTH: _l("30 days"),
    7776000: _l("90 days"),
    31536000: _l("1 year"),
}
FOR_EVER = "never"
ON_A_DATE = ""
# For RSA, which has the longest accepted keys.
LONGEST_KEY = 3000
SEVERAL = ("scopes", "resources", "methods", "networks")
# Without the reason for a missing expiry, which the owner must give themselves.
SINGLE = ("name", "note", "per_minute", "expires_in")
SUGGESTED = (*SINGLE, *SEVERAL)


class NewTokenForm(LimitsForm):
    expires_in = RadioField(
        _l("Expires"),
        choices=lambda: {str(s): str(words) for s, words in PRESETS.items()} | {FOR_EVER: _("Never")},
        validate_choice=False,
    )
    expires_on = DateField(
        _l("On this date"), [Optional()], description=_l("The token works until the end of that day (UTC).")
    )
    reason = StringField(
        _l("Why it must not expire"),
        [Optional(), Length(SHORTEST_REASON, LONGEST_REASON), one_line],
        filters=[stripped],
        description=_l("Stored with the token and in the audit log."),
        render_kw={"maxlength": LONGEST_REASON, "autocomplete": "off"},
    )
    key = TextAreaField(
        _l("Public key"),
        [Optional(), Length(max=LONGEST_KEY)],
        filters=[stripped],
        description=_l("A JWK (ES256, EdDSA, RS256) or its thumbprint. Each request then needs a new proof (DPoP)."),
        render_kw={"rows": 3, "spellcheck": "false", "autocomplete": "off"},
    )
    once = HiddenField(
        validators=[Length(max=64)], description="Idempotency key: 2 requests with the same value create only 1 token."
    )

    def __init__(self, *args: Any, longest: timedelta, may_never_end: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.longest, self.may_never_end = longest, may_never_end
        self.presets = {str(s): str(words) for s, words in PRESETS.items() if timedelta(seconds=s) <= longest}
        endless = [(FOR_EVER, _("Never"))] if may_never_end else []
        self.expires_in.choices = [*self.presets.items(), (ON_A_DATE, _("On a date")), *endless]
        if not self.expires_in.raw_data and self.expires_in.data is None:
            # A script that sends a date need not send ``expires_in``.
            self.expires_in.data = ON_A_DATE if self.expires_on.data is not None else self.usual

    @property
    def usual(self) -> str:
        """A month, or the longest allowed lifetime below it."""
        fitting = [int(seconds) for seconds in self.presets if int(seconds) <= MONTH]
        return str(max(fitting)) if fitting else ON_A_DATE

    @classmethod
    def suggested_by(cls, filled: dict[str, Any], **world: Any) -> Self:
        """An empty form, or one filled in by the URL. Nothing happens before the user submits it."""
        suggestions = {name: value for name, value in filled.items() if name in SUGGESTED and value}
        form = cls(formdata=None, data=suggestions | {"once": new_secret(16)}, **world)
        form.suggested = set(suggestions)
        form.take_date(filled.get("expires_on"))
        return form

    def take_date(self, text: str | None) -> None:
        try:
            self.expires_on.data = datetime.fromisoformat(text or "").date()
        except ValueError:
            return
        self.expires_in.data = ON_A_DATE
        self.suggested.add("expires_on")

    @property
    def grant(self) -> TokenGrant:
        return msgspec.structs.replace(super().grant, jkt=self.jkt)

    @property
    def jkt(self) -> str | None:
        """Thumbprint of the key that the token is bound to (RFC 7638); None without a valid key."""
        return None if self.key.errors or not self.key.data else thumbprint_in(self.key.data)

    @property
    def is_endless(self) -> bool:
        return bool(self.expires_in.data == FOR_EVER)

    @property
    def lifetime(self) -> timedelta | None:
        """None for no expiry."""
        if self.is_endless:
            return None
        if self.expires_on.data is not None and not self.expires_in.data:
            # The day is added to the lifetime, because after the last date there is none to add it to.
            return datetime.combine(self.expires_on.data, datetime.min.time(), UTC) - now() + timedelta(days=1)
        return timedelta(seconds=int(self.expires_in.data or self.usual))

    @property
    def expires_at(self) -> datetime:
        return NEVER if self.lifetime is None else now() + self.lifetime

    @property
    def expiry_dates(self) -> dict[str, datetime]:
        return {value: now() + timedelta(seconds=int(value)) for value in self.presets}

    def validate_expires_in(self, field: RadioField) -> None:
        if self.expires_on.data is not None and not field.data:
            self.judge_date()
        elif self.is_endless and self.may_never_end:
            if not self.reason.data:
                raise ValidationError(_("A token without expiry needs a reason. Enter it below."))
        elif self.is_endless:
            raise ValidationError(_("Tokens must expire after %(days)s days at the latest.", days=self.longest.days))
        elif field.data not in self.presets:
            raise ValidationError(
                _("Choose a lifetime or a date, at most %(days)s days from now.", days=self.longest.days)
            )

    def validate_key(self, field: TextAreaField) -> None:
        try:
            thumbprint_in(field.data or "")
        except InvalidDpopKey as error:
            raise ValidationError(str(error)) from error

    def judge_date(self) -> None:
        lifetime = self.lifetime
        if lifetime is None or lifetime <= timedelta():
            raise ValidationError(_("This date is in the past."))
        if lifetime > self.longest:
            raise ValidationError(_("Choose a date at most %(days)s days from now.", days=self.longest.days))


class PreviewForm(NewTokenForm):
    """The same form for a summary, where no name is needed."""

    name = StringField(_l("Name"), [Optional()], filters=[stripped], render_kw={"autocomplete": "off"})

    def validate_name(self, field: StringField) -> None:
        """Accepts any name."""


def filled_by_link() -> dict[str, Any]:
    """Fields that the query of the URL fills in."""
    query = request.args
    one = {name: query[name] for name in (*SINGLE, "expires_on") if query.get(name)}
    several = {name: words for name in SEVERAL if (words := split_words(query.getlist(name)))}
    scope = split_words(query.getlist("scope"))
    return one | ({"scopes": scope} if scope else {}) | several


def split_words(entries: list[str]) -> list[str]:
    return [word for entry in entries for word in entry.replace(",", " ").split()]
