"""The fields of the forms of apps, in groups.

To add a setting: a field in one of the classes, with the name of its column and of its field in ``ClientSettings``.
"""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import Length
from wtforms.widgets import TextArea

from webapp.core import outgoing_http
from webapp.core.translation import _, _l
from webapp.oauth import client_keys
from webapp.oauth.client_settings import LONGEST_OPERATOR
from webapp.settings.types import duration, write_duration
from webapp.web.form import Form, WordsField, one_line, stripped

LONGEST_LIST, LONGEST_URL = 5000, 300
EXACT = {"autocomplete": "off", "spellcheck": "false"}


class BasicFields(Form):
    redirect_uris = WordsField(
        _l("Redirect URIs"),
        [Length(max=LONGEST_LIST)],
        description=_l("Where users return after login, one URL per line. The documentation of the app names them."),
        widget=TextArea(),
        render_kw=EXACT | {"rows": 3, "class": "input--exact"},
    )


class AccessFields(Form):
    is_first_party = BooleanField(
        _l("First-party app"), description=_l("Users are not asked whether they allow it to log them in.")
    )
    operator = StringField(
        _l("Operator"),
        [Length(max=LONGEST_OPERATOR), one_line],
        filters=[stripped],
        description=_l(
            "Who runs the app, such as a company. Users see it before they allow the app. Most apps of yours need none."
        ),
        render_kw={"maxlength": LONGEST_OPERATOR, "autocomplete": "off"},
    )
    roles = WordsField(
        _l("Only for these roles"),
        [Length(max=LONGEST_LIST)],
        description=_l("Names of roles, separated by spaces. Leave it empty to let everybody log in to the app."),
        render_kw=EXACT,
    )
    people = WordsField(
        _l("Additional users"),
        [Length(max=LONGEST_LIST)],
        description=_l("User names, separated by spaces. Without roles, only these users can open it."),
        render_kw=EXACT,
    )


class DurationField(StringField):
    """A duration as in the settings, such as 15m or 8h; in JSON the same text."""

    data: Any
    """A timedelta; None for no text."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        try:
            self.data = duration(text) if text else None
        except ValueError as error:
            raise ValueError(_("Enter a duration such as 15m, 8h or 30d.")) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return write_duration(self.data) if self.data else ""


LEVELS = {
    "": _l("This site's default"),
    "aal2": _l("A second factor or a passkey"),
    "phr": _l("A passkey"),
}


class SecurityFields(Form):
    demanded_level = SelectField(
        _l("Required login"),
        choices=lambda: {acr: str(label) for acr, label in LEVELS.items()},
        default="",
        description=_l("Users who logged in otherwise must provide it before the app learns anything."),
    )
    access_lifetime = DurationField(
        _l("Access tokens work for"),
        description=_l("For example 15m. Leave empty to use this site's value, which is also the maximum."),
        render_kw=EXACT,
    )
    login_lifetime = DurationField(
        _l("Users have to log in again after"),
        description=_l("For example 8h or 30d. Leave empty to use this site's value, which is also the maximum."),
        render_kw=EXACT,
    )
    require_pushed_authorization_requests = BooleanField(
        _l("Only pushed requests"),
        description=_l("The app must send each request from its server first (RFC 9126). Few apps can do that."),
    )
    jwks = TextAreaField(
        _l("Public keys (JWKS)"),
        [Length(max=client_keys.LONGEST)],
        description=_l("For an app that proves itself with a private key (private_key_jwt). Its secrets stop working."),
        render_kw=EXACT | {"rows": 3, "class": "input--exact"},
    )
    jwks_uri = StringField(
        _l("URL of the public keys"),
        [Length(max=outgoing_http.LONGEST_URL), one_line],
        filters=[stripped],
        description=_l("Where such an app publishes its keys (jwks_uri), instead of entering them above."),
        render_kw=EXACT | {"maxlength": outgoing_http.LONGEST_URL, "class": "input--exact", "inputmode": "url"},
    )
    wants_rs256 = BooleanField(
        _l("Sign ID tokens with RS256"),
        description=_l("For apps that support no other algorithm and would refuse the login."),
    )
    has_pairwise_subjects = BooleanField(
        _l("User identifiers that no other app gets"),
        description=_l(
            "Other apps get other identifiers, so that apps cannot find out which users they share. If you change this "
            "setting, the app treats all its users as new."
        ),
    )
    signs_userinfo = BooleanField(
        _l("Sign userinfo"),
        description=_l("Userinfo is a signed JWT instead of JSON. Few apps need that."),
    )


class AdvancedFields(Form):
    """Settings of an app that few need; folded on the page."""

    hides_groups = BooleanField(
        _l("It does not learn the roles of users"), description=_l("Even if it requests the scope groups.")
    )
    group_roles = WordsField(
        _l("Roles shared with the app"),
        [Length(max=LONGEST_LIST)],
        description=_l("Names of roles, separated by spaces, for the claim groups. Leave it empty for all."),
        render_kw=EXACT,
    )
    scopes = WordsField(
        _l("Scopes of this site's API"),
        [Length(max=LONGEST_LIST)],
        description=_l("What it may request besides the login, such as reports:read. Most apps need nothing here."),
        render_kw=EXACT | {"class": "input--exact"},
    )
    resources = WordsField(
        _l("Other services"),
        [Length(max=LONGEST_LIST)],
        description=_l(
            "Services for which it may get access tokens (RFC 8707), one URI per line. Most apps need none."
        ),
        widget=TextArea(),
        render_kw=EXACT | {"rows": 2, "class": "input--exact"},
    )
    is_for_devices = BooleanField(
        _l("It runs on devices without a browser"),
        description=_l(
            "For example a command or a television: it shows a code, which its user enters on another device "
            "(RFC 8628)."
        ),
    )
    post_logout_redirect_uris = WordsField(
        _l("Post-logout redirect URIs"),
        [Length(max=LONGEST_LIST)],
        description=_l("Where users go after they logged out of the app, one per line. Most apps need nothing here."),
        widget=TextArea(),
        render_kw=EXACT | {"rows": 2, "class": "input--exact"},
    )

    backchannel_logout_uri = StringField(
        _l("Back-channel logout URL"),
        [Length(max=outgoing_http.LONGEST_URL), one_line],
        filters=[stripped],
        description=_l(
            "Where the app learns that a login here has ended (OpenID Connect Back-Channel Logout), such as "
            "https://app.example.org/logout. Leave it empty if the app has none."
        ),
        render_kw=EXACT | {"maxlength": outgoing_http.LONGEST_URL, "class": "input--exact", "inputmode": "url"},
    )
