"""Forms to register and change apps that log users in with this site."""

from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import TextArea

from webapp.core.translation import _l
from webapp.oauth.clients import LONGEST_NAME
from webapp.web.form import Form, WordsField, one_line, stripped

LONGEST_LIST = 5000


class ClientForm(Form):
    redirect_uris = WordsField(
        _l("Redirect URIs"),
        [Length(max=LONGEST_LIST)],
        description=_l("Where the app gets its answers, one per line. The app's documentation says which."),
        widget=TextArea(),
        render_kw={"rows": 3, "spellcheck": "false", "autocomplete": "off"},
    )
    post_logout_redirect_uris = WordsField(
        _l("Redirect URIs after logout"),
        [Length(max=LONGEST_LIST)],
        description=_l("Where users go after they logged out of the app, one per line. Most apps need nothing here."),
        widget=TextArea(),
        render_kw={"rows": 2, "spellcheck": "false", "autocomplete": "off"},
    )
    roles = WordsField(
        _l("Only for these roles"),
        [Length(max=LONGEST_LIST)],
        description=_l("Names of roles, separated by spaces. Leave it empty to let everybody log in to the app."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    scopes = WordsField(
        _l("Scopes of this site's API"),
        [Length(max=LONGEST_LIST)],
        description=_l("What it may request besides the login, such as reports:read. Most apps need nothing here."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    is_first_party = BooleanField(
        _l("It is an app of ours"), description=_l("Users are not asked whether they allow it to log them in.")
    )


class NewClientForm(ClientForm):
    name = StringField(
        _l("Name"),
        [InputRequired(_l("Enter a name.")), Length(max=LONGEST_NAME), one_line],
        filters=[stripped],
        description=_l("Shown to users before they log in to the app."),
        render_kw={"maxlength": LONGEST_NAME, "autocomplete": "off"},
    )
    is_public = BooleanField(
        _l("It cannot keep a secret"),
        description=_l("A single-page app, or an app on a computer or phone. It gets a client ID only."),
    )
