"""What people tell us about themselves."""

from wtforms import EmailField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from webapp.web.form import Form


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
