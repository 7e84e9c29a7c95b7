"""Forms of registration, recovery and the profile."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from wtforms import BooleanField, EmailField, HiddenField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # New in 3.3; the types are of 3.2.
from wtforms.validators import InputRequired, Length, ValidationError

from webapp.accounts.names import InvalidUserName, checked_name
from webapp.accounts.owner_fields import person_field, role_field
from webapp.accounts.profile import LANGUAGES, THEMES, checked_display_name, time_zones
from webapp.core.translation import _l
from webapp.web.form import Form
from webapp.web.long_select import LongSelect


def choices_of(labels: Mapping[str, str]) -> Callable[[], dict[str, str]]:
    """The options of a select field, translated into the language of the request.

    Args:
        labels: values and their lazily translated labels.
    """
    return lambda: {value: str(label) for value, label in labels.items()}


@cache
def time_zone_choices() -> list[SelectChoice]:
    return [SelectChoice(name, name.replace("_", " ")) for name in time_zones()]


class ForgotForm(Form):
    username = StringField(
        _l("User name or e-mail"),
        [
            InputRequired(_l("Enter your user name or e-mail address.")),
            Length(max=320, message=_l("This is too long.")),
        ],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class LinkForm(Form):
    """Base class of the forms on pages that a mailed link opens."""

    link = HiddenField(
        validators=[Length(max=100, message=_l("This is too long."))],
        description="The secret of the mailed link. Default: that of the link that was opened with this cookie.",
    )


class ResetForm(LinkForm):
    password = PasswordField(
        _l("New password"), [InputRequired(_l("Choose a password."))], render_kw={"autocomplete": "new-password"}
    )
    keep_tokens = BooleanField(
        _l("Keep my API tokens"),
        description=_l("Otherwise they are revoked. Someone who knew your password may have created one."),
    )


class VerifyForm(LinkForm):
    password = PasswordField(
        _l("Password"), [InputRequired(_l("Enter your password."))], render_kw={"autocomplete": "current-password"}
    )


class StrengthForm(Form):
    """Estimates the strength of a password that is being typed. It is not stored."""

    password = StringField(_l("Password"), [InputRequired(_l("Choose a password.")), Length(max=1000)])
    username = StringField(_l("Name"), [Length(max=320)])
    email = StringField(_l("E-mail"), [Length(max=320)])
    role = StringField(
        _l("Role"), [Length(max=20)], description=_l("Some roles allow shorter passwords. Default: your own role.")
    )


class NewAccountForm(Form):
    username = StringField(
        _l("Name"),
        [
            InputRequired(_l("Enter a user name.")),
            Length(max=50, message=_l("A user name can have at most 50 characters.")),
        ],
        description=_l("You log in with it, and other users see it."),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = EmailField(
        _l("E-mail"),
        [InputRequired(_l("Enter your e-mail address.")), Length(max=320)],
        description=_l("We send a link to it that activates your account."),
        render_kw={"autocomplete": "email"},
    )
    password = PasswordField(
        _l("Password"), [InputRequired(_l("Choose a password."))], render_kw={"autocomplete": "new-password"}
    )


class RegisterForm(NewAccountForm, LinkForm):
    """Registration, also by an invitation, whose link the page or the cookie has."""


class SetupForm(NewAccountForm):
    email = EmailField(
        _l("E-mail"),
        [InputRequired(_l("Enter your e-mail address.")), Length(max=320)],
        description=_l("You can log in with it instead of your user name."),
        render_kw={"autocomplete": "email"},
    )


class ProfileForm(Form):
    """Changes of the profile. Fields that are left out keep their values."""

    username = StringField(
        _l("User name"),
        description=_l("You log in with it."),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    display_name = StringField(
        _l("Display name"),
        description=_l("Optional. Shown to other users instead of your user name."),
        render_kw={"autocomplete": "name"},
    )
    language = SelectField(
        _l("Language"), choices=choices_of(LANGUAGES), description=_l("Pages and mails are shown in this language.")
    )
    time_zone = SelectField(
        _l("Time zone"),
        description=_l("For times on pages and in mails. With UTC, pages use your browser's time zone instead."),
        widget=LongSelect(),
    )
    theme = SelectField(_l("Theme"), choices=choices_of(THEMES))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone.choices = time_zone_choices()

    def validate_username(self, field: StringField) -> None:
        if field.data == field.object_data:
            return
        try:
            checked_name(field.data or "")
        except InvalidUserName as error:
            raise ValidationError(str(error)) from error

    def validate_display_name(self, field: StringField) -> None:
        try:
            checked_display_name(field.data)
        except InvalidUserName as error:
            raise ValidationError(str(error)) from error


class MailsForm(Form):
    """Which informative mails are sent: the ticked ones."""

    tokens_expiring = BooleanField(
        _l("Tokens that expire soon"), description=_l("14 days, 7 days and 1 day before they expire.")
    )
    tokens_unused = BooleanField(_l("Unused tokens"), description=_l("Once for each token, after 90 days without use."))
    token_came_late = BooleanField(_l("Expired tokens that are still used"), description=_l("At most once a week."))

    @property
    def chosen_kinds(self) -> list[str]:
        return [field.name for field in self if field.data]


class NewEmailForm(Form):
    email = EmailField(
        _l("New e-mail address"),
        [InputRequired(_l("Enter your e-mail address.")), Length(max=320)],
        description=_l("We send a link to it. Nothing changes until you open the link."),
        render_kw={"autocomplete": "email"},
    )


class EverythingForm(Form):
    also_this = BooleanField(_l("Log out this device as well"))


class CloseForm(Form):
    username = StringField(
        _l("Your user name"),
        [InputRequired(_l("Enter your user name."))],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    services_to = person_field(
        _l("Hand over to a person"),
        _l("User name or e-mail address. Leave it empty to disable the service accounts too."),
    )
    services_to_role = role_field(_l("Or hand over to a role"), _l("Everybody with this role owns them together."))
