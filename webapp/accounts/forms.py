"""What people tell us about themselves."""

from wtforms import BooleanField, EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

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
        "Let my API tokens go on",
        description="Left alone, they are revoked: whoever knew your password may have made one.",
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


class SetupForm(Form):
    username = StringField(
        "Name",
        [InputRequired("How shall we call you?"), Length(max=50, message="A name has at most 50 characters.")],
        description="What you log in with, and what others see.",
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    email = EmailField(
        "E-mail",
        [InputRequired("An address to reach you at."), Length(max=320)],
        description="It works in place of the name when you log in.",
        render_kw={"autocomplete": "email"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Choose a password.")],
        render_kw={"autocomplete": "new-password"},
    )
