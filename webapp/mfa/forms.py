"""Codes and names."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.mfa.passkeys import LONGEST_NAME, PasskeyNameUnfit, checked_name
from webapp.web.form import Form


def onward() -> HiddenField:
    return HiddenField(description="Where to go afterwards: a path on this site.")


class TotpForm(Form):
    code = StringField(
        "Code",
        [InputRequired("Type the code that your app shows."), Length(max=100, message="That is longer than any code.")],
        description="Six digits. They change every thirty seconds.",
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"},
    )
    begun = HiddenField(
        validators=[InputRequired("Send what the page gave."), Length(max=1000)],
        description="The secret that was shown, sealed; as the page gave it.",
    )
    next = onward()


class NewPasskeyForm(Form):
    response = HiddenField(
        validators=[InputRequired("No passkey was made."), Length(max=20_000, message="No passkey is so long.")],
        description="What the browser says of the new passkey: `toJSON()` of it, as text.",
    )
    next = onward()


class PasskeyNameForm(Form):
    name = StringField("Name", render_kw={"maxlength": LONGEST_NAME, "autocomplete": "off"})

    def validate_name(self, field: StringField) -> None:
        try:
            checked_name(field.data or "")
        except PasskeyNameUnfit as error:
            raise ValidationError(str(error)) from error


class OnwardForm(Form):
    next = onward()
