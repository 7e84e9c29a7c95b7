"""Forms of logins with providers."""

from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from webapp.core.former_names import renamed
from webapp.core.translation import _l
from webapp.web.form import Form


class ProviderAccountForm(Form):
    username = StringField(
        _l("User name"),
        [InputRequired(_l("Choose a user name."))],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )


@renamed(kept="form_state")
class ConfirmWithProviderForm(Form):
    """Leads to a provider to confirm an identity; with a form that waits for that, and its URL."""

    next = HiddenField()
    form_state = HiddenField()


class LinkIdentityForm(Form):
    """Confirms the link of an identity; only a button."""
