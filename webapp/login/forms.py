"""Forms of the login, its second step and re-authentication."""

from wtforms import BooleanField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.core.former_names import renamed
from webapp.core.translation import _, _l
from webapp.web.form import Form

LONGEST = Length(max=1000, message=_l("This is too long."))


class LoginForm(Form):
    username = StringField(
        _l("User name or e-mail"),
        [InputRequired(_l("Enter your user name or e-mail address.")), LONGEST],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"), [InputRequired(_l("Enter your password."))], render_kw={"autocomplete": "current-password"}
    )
    remember = BooleanField(_l("Keep me logged in on this device"))
    next = HiddenField(description="Where to go afterwards: a path on this site.")


# Answers of authenticators have 1,000 to 2,000 characters, attestations of some have more.
LONGEST_ANSWER = Length(max=20_000, message=_l("This is too long."))


def passkey_answer() -> HiddenField:
    return HiddenField(
        validators=[LONGEST_ANSWER], description="The passkey's response from the browser: its `toJSON()` as text."
    )


def code() -> StringField:
    return StringField(
        _l("Code"),
        [Length(max=100, message=_l("This is too long."))],
        description=_l("The 6-digit code from your authenticator app, or a recovery code."),
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )


class PasskeyLoginForm(Form):
    response = passkey_answer()
    remember = BooleanField(_l("Keep me logged in on this device"))
    next = HiddenField(description="Where to go afterwards: a path on this site.")


class SecondStepForm(Form):
    either = ("code", "response")

    code = code()
    response = passkey_answer()
    trust = BooleanField(
        _l("Trust this browser"), description=_l("It skips the second factor, if this site allows that.")
    )
    next = HiddenField(description="Where to go afterwards: a path on this site. Default: the one of the first step.")

    def validate_code(self, field: StringField) -> None:
        if not (field.data or "").strip() and not self.response.data:
            raise ValidationError(_("Enter the code."))


@renamed(kept="form_state")
class ConfirmForm(Form):
    """Re-authentication with one of three fields. Which one is shown depends on the factors of the user."""

    either = ("password", "code", "response")

    password = PasswordField(_l("Password"), render_kw={"autocomplete": "current-password"})
    code = code()
    response = passkey_answer()
    next = HiddenField(description="Where to go afterwards: a path on this site.")
    form_state = HiddenField(description="Used by pages: the form that is sent after this confirmation.")


class PasswordForm(Form):
    password = PasswordField(
        _l("Current password"),
        [InputRequired(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )
    new_password = PasswordField(
        _l("New password"), [InputRequired(_l("Choose a password."))], render_kw={"autocomplete": "new-password"}
    )
    revoke_tokens = BooleanField(
        _l("Revoke my API tokens as well"),
        description=_l("Otherwise they keep working. Revoke them if someone may know your password."),
    )
