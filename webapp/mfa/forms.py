"""Forms of the second factors: codes and names of passkeys."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.core.former_names import renamed
from webapp.core.translation import _l
from webapp.mfa.passkeys import LONGEST_NAME, InvalidPasskeyName, checked_name
from webapp.web.form import Form


def onward() -> HiddenField:
    return HiddenField(description="Path on this site to continue to afterwards.")


@renamed(begun="encrypted_seed")
class TotpForm(Form):
    code = StringField(
        _l("Code"),
        [
            InputRequired(_l("Enter the code from your authenticator app.")),
            Length(max=100, message=_l("This is too long for a code.")),
        ],
        description=_l("6 digits. A new code appears every 30 seconds."),
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"},
    )
    encrypted_seed = HiddenField(
        validators=[InputRequired(_l("Reload the page and try again.")), Length(max=1000)],
        description="The encrypted secret from the page.",
    )
    next = onward()


class NewPasskeyForm(Form):
    response = HiddenField(
        validators=[
            InputRequired(_l("No passkey was created.")),
            Length(max=20_000, message=_l("This is too long for a passkey.")),
        ],
        description="The browser's response for the new passkey: `toJSON()` as text.",
    )
    next = onward()


class PasskeyNameForm(Form):
    name = StringField(_l("Name"), render_kw={"maxlength": LONGEST_NAME, "autocomplete": "off"})

    def validate_name(self, field: StringField) -> None:
        try:
            checked_name(field.data or "")
        except InvalidPasskeyName as error:
            raise ValidationError(str(error)) from error


class OnwardForm(Form):
    next = onward()
