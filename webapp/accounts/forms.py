"""What people tell us about themselves."""

from typing import Any

from wtforms import BooleanField, EmailField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.accounts.names import UserNameUnfit, checked_name
from webapp.accounts.profile import LANGUAGES, THEMES, checked_display_name, time_zones
from webapp.web.form import Form


class ForgotForm(Form):
    username = StringField(
        "User name or e-mail",
        [
            InputRequired("Enter your user name or e-mail address."),
            Length(max=320, message="This is too long."),
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class ResetForm(Form):
    password = PasswordField(
        "New password", [InputRequired("Choose a password.")], render_kw={"autocomplete": "new-password"}
    )
    keep_tokens = BooleanField(
        "Keep my API tokens",
        description="Otherwise they are revoked. Someone who knew your password may have created one.",
    )


class VerifyForm(Form):
    password = PasswordField(
        "Password", [InputRequired("Enter your password.")], render_kw={"autocomplete": "current-password"}
    )


class StrengthForm(Form):
    """What is being typed; nothing of it is kept."""

    password = StringField("Password", [Length(max=1000)])
    username = StringField("Name", [Length(max=320)])
    email = StringField("E-mail", [Length(max=320)])
    role = StringField(
        "Role", [Length(max=20)], description="Some roles allow shorter passwords. Default: your own role."
    )


class RegisterForm(Form):
    username = StringField(
        "Name",
        [InputRequired("Enter a user name."), Length(max=50, message="A user name can have at most 50 characters.")],
        description="You log in with it, and other users see it.",
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = EmailField(
        "E-mail",
        [InputRequired("Enter your e-mail address."), Length(max=320)],
        description="We send a link to it that activates your account.",
        render_kw={"autocomplete": "email"},
    )
    password = PasswordField(
        "Password", [InputRequired("Choose a password.")], render_kw={"autocomplete": "new-password"}
    )


class SetupForm(RegisterForm):
    email = EmailField(
        "E-mail",
        [InputRequired("Enter your e-mail address."), Length(max=320)],
        description="You can log in with it instead of your user name.",
        render_kw={"autocomplete": "email"},
    )


class ProfileForm(Form):
    """What is left out stays as it is."""

    username = StringField(
        "User name",
        description="You log in with it.",
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    display_name = StringField(
        "Display name",
        description="Optional. Shown to other users instead of your user name.",
        render_kw={"autocomplete": "name"},
    )
    language = SelectField("Language", choices=LANGUAGES, description="Pages and mails are shown in this language.")
    time_zone = SelectField(
        "Time zone",
        description="Dates and times are shown in this time zone. With UTC, your browser's time zone is used.",
    )
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

    tokens_expiring = BooleanField(
        "Tokens that expire soon", description="14 days, 7 days and 1 day before they expire."
    )
    tokens_unused = BooleanField("Unused tokens", description="Once for each token, after 90 days without use.")
    token_came_late = BooleanField("Expired tokens that are still used", description="At most once a week.")

    @property
    def wanted(self) -> list[str]:
        return [field.name for field in self if field.data]


class AddressForm(Form):
    email = EmailField(
        "New e-mail address",
        [InputRequired("Enter your e-mail address."), Length(max=320)],
        description="We send a link to it. Nothing changes until you open the link.",
        render_kw={"autocomplete": "email"},
    )


class EverythingForm(Form):
    also_this = BooleanField("Log out this device as well")


class CloseForm(Form):
    username = StringField(
        "Your user name",
        [InputRequired("Enter your user name.")],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
