"""The form that asks for a token: name, scopes, lifetime."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from flask import request
from wtforms import DateField, HiddenField, RadioField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from webapp.kernel.clock import now
from webapp.kernel.digests import new_secret
from webapp.tokens.lifecycle import LONGEST, SHORTEST, NameUnfit, checked_name
from webapp.tokens.scopes import Catalogue
from webapp.web.form import Form

PRESETS = {3600: "1 hour", 604800: "7 days", 2592000: "30 days", 7776000: "90 days", 31536000: "1 year"}
MONTH = 2592000
ON_A_DATE = ""


@dataclass(frozen=True, slots=True)
class ScopeOption:
    """A line of the scope picker."""

    scope: str
    opens: str
    is_held: bool
    why_not: str
    is_suggested: bool


def stripped(value: str | None) -> str | None:
    return value.strip() if value else value


class NewTokenForm(Form):
    name = StringField(
        "Name",
        [Length(SHORTEST, LONGEST, f"A name has {SHORTEST} to {LONGEST} characters.")],
        filters=[stripped],
        description="The name of the machine or the job. You will look for it when something breaks.",
        render_kw={"maxlength": LONGEST, "autocomplete": "off"},
    )
    scopes = SelectMultipleField("Scopes", [InputRequired("Choose at least one thing that it may reach.")])
    expires_in = RadioField(
        "Expires", choices={str(s): words for s, words in PRESETS.items()}, default=str(MONTH), validate_choice=False
    )
    expires_on = DateField("On this date", [Optional()], description="It works until the end of that day, in UTC.")
    once = HiddenField(validators=[Length(max=64)], description="Of two forms that carry the same, one mints.")

    def __init__(
        self, *args: Any, catalogue: Catalogue, roles: Sequence[str], longest: timedelta, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.catalogue, self.roles, self.longest = catalogue, roles, longest
        self.scopes.choices = [(name, name) for name in catalogue.held_by(roles)]
        self.presets = {str(s): words for s, words in PRESETS.items() if timedelta(seconds=s) <= longest}
        self.expires_in.choices = [*self.presets.items(), (ON_A_DATE, "On a date")]
        self.suggested: set[str] = set()
        # A script that names a date says so by that alone.
        if self.expires_on.data is not None and not self.expires_in.raw_data:
            self.expires_in.data = ON_A_DATE

    @classmethod
    def suggested_by_link(cls, **world: Any) -> Self:
        """An empty form, or what the address fills in; nothing of it is sent before somebody presses the button."""
        given = request.args
        filled: dict[str, Any] = {name: given[name] for name in ("name", "expires_in") if given.get(name)}
        if scopes := [scope for entry in given.getlist("scopes") for scope in entry.split()]:
            filled["scopes"] = scopes
        form = cls(formdata=None, data=filled | {"once": new_secret(16)}, **world)
        form.suggested = set(filled)
        form.take_date(given.get("expires_on"))
        return form

    def take_date(self, text: str | None) -> None:
        try:
            self.expires_on.data = datetime.fromisoformat(text or "").date()
        except ValueError:
            return
        self.expires_in.data = ON_A_DATE
        self.suggested.add("expires_on")

    @property
    def lifetime(self) -> timedelta:
        if self.expires_on.data is not None and not self.expires_in.data:
            # The day is added to the length, for after the last date there is none to add it to.
            return datetime.combine(self.expires_on.data, datetime.min.time(), UTC) - now() + timedelta(days=1)
        return timedelta(seconds=int(self.expires_in.data or MONTH))

    @property
    def scope_options(self) -> list[ScopeOption]:
        chosen = set(self.scopes.data or ())
        held = set(self.catalogue.held_by(self.roles))
        return [
            ScopeOption(
                scope=name,
                opens=scope.opens(self.roles),
                is_held=name in held,
                why_not="" if name in held else scope.why_not(),
                is_suggested="scopes" in self.suggested and name in chosen,
            )
            for name, scope in self.catalogue.scopes.items()
        ]

    @property
    def expiry_dates(self) -> dict[str, datetime]:
        return {value: now() + timedelta(seconds=int(value)) for value in self.presets}

    def validate_name(self, field: StringField) -> None:
        try:
            checked_name(field.data or "")
        except NameUnfit as error:
            raise ValidationError(str(error)) from error

    def validate_expires_in(self, field: RadioField) -> None:
        if self.expires_on.data is not None and not field.data:
            self.judge_date()
            return
        if field.data not in self.presets:
            raise ValidationError(f"Choose one of the lengths, or a date; at most {self.longest.days} days here.")

    def judge_date(self) -> None:
        if self.lifetime <= timedelta():
            raise ValidationError("That day is over.")
        if self.lifetime > self.longest:
            raise ValidationError(f"At most {self.longest.days} days from now.")
