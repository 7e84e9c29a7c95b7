"""Forms of logins with providers."""

from wtforms import StringField
from wtforms.validators import InputRequired

from webapp.core.translation import _l
from webapp.web.form import Form


class ProviderAccountForm(Form):
    username = StringField(
        _l("User name"),
        [InputRequired(_l("Choose a user name."))],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


class LinkIdentityForm(Form):
    """Confirms the link of an identity; only a button."""
