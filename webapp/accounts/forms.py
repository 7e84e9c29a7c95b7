"""What people tell us about themselves."""

from typing import Any

from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.accounts.names import UserNameUnfit, checked_name
from webapp.accounts.profile import LANGUAGES, THEMES, checked_display_name, time_zones
from webapp.web.form import Form


class ForgotForm(Form):
    username = StringField(
        "Name or e-mail",
        [
            InputRequired("Type your name, or your e-mail address."),
            Length(max=320, message="That is longer than any name."),
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class ResetForm(Form):
    password = PasswordField(
        "New password", [InputRequired("Choose a password.")], render_kw={"autocomplete": "new-password"}
    )
    keep_tokens = BooleanField(
        "Keep my API tokens",
        description="Unless you tick this, they are revoked: whoever knew your password may have made one.",
    )


class VerifyForm(Form):
    password = PasswordField(
        "Password", [InputRequired("Type your password.")], render_kw={"autocomplete": "current-password"}
    )


class StrengthForm(Form):
    """What is being typed; nothing of it is kept."""

    password = StringField("Password", [Length(max=1000)])
    username = StringField("Name", [Length(max=320)])
    email = StringField("E-mail", [Length(max=320)])
    role = StringField(
        "Role", [Length(max=20)], description="Of whoever chooses it; else the caller's. Some may have shorter ones."
    )


class RegisterForm(Form):
    username = StringField(
        "Name",
        [InputRequired("How shall we call you?"), Length(max=50, message="A name has at most 50 characters.")],
        description="What you log in with, and what others see.",
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = EmailField(
        "E-mail",
        [InputRequired("An address to reach you at."), Length(max=320)],
        description="A mail goes there, with the link that opens your account.",
        render_kw={"autocomplete": "email"},
    )
    password = PasswordField(
        "Password", [InputRequired("Choose a password.")], render_kw={"autocomplete": "new-password"}
    )


class SetupForm(RegisterForm):
    email = EmailField(
        "E-mail",
        [InputRequired("An address to reach you at."), Length(max=320)],
        description="It works in place of the name when you log in.",
        render_kw={"autocomplete": "email"},
    )


class ProfileForm(Form):
    """What is left out stays as it is."""

    username = StringField(
        "User name",
        description="What you log in with.",
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    display_name = StringField(
        "Display name", description="What others read in place of it; may be empty.", render_kw={"autocomplete": "name"}
    )
    language = SelectField("Language", choices=LANGUAGES, description="More will come when they are whole.")
    time_zone = SelectField("Time zone", description="In which times are told. With UTC, your browser tells its own.")
    theme = SelectField("Theme", choices=THEMES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = [(name, name.replace("_", " ")) for name in time_zones()]

    def validate_username(self, field: StringField) -> None:
        try:
            checked_name(field.data or "")
        except UserNameUnfit as error:
            raise ValidationError(str(error)) from error

    def validate_display_name(self, field: StringField) -> None:
        try:
            checked_display_name(field.data)
        except UserNameUnfit as error:
            raise ValidationError(str(error)) from error


class MailsForm(Form):
    """What is not ticked is not sent any more."""

    tokens_expiring = BooleanField("Tokens that end soon", description="14, 7 and 1 days before.")
    tokens_unused = BooleanField("Tokens that nothing uses", description="Of each once, after 90 days.")
    token_came_late = BooleanField("Expired tokens that something still brings", description="Once a week at most.")

    @property
    def wanted(self) -> list[str]:
        return [field.name for field in self if field.data]


class AddressForm(Form):
    email = EmailField(
        "New address",
        [InputRequired("An address to reach you at."), Length(max=320)],
        description="A link is mailed there. Until you follow it, nothing changes.",
        render_kw={"autocomplete": "email"},
    )


class EverythingForm(Form):
    also_this = BooleanField("Log out this device as well")


class CloseForm(Form):
    username = StringField(
        "Your user name",
        [InputRequired("Type your user name.")],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
