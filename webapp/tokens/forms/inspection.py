"""The form that inspects a token."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from wtforms import SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from webapp.core.former_names import renamed
from webapp.core.translation import _, _l
from webapp.guard.token_grant import METHODS
from webapp.web.form import Form, one_line, stripped


def bare(value: str | None) -> str | None:
    """The text without what people copy along with a token, such as "Bearer"."""
    words = (value or "").split()
    return (
        words[-1]
        if words and [word.lower() for word in words[:-1]] in ([], ["bearer"], ["authorization:", "bearer"])
        else value
    )


@renamed(address="path")
class InspectForm(Form):
    token = TextAreaField(
        _l("Token"),
        [InputRequired(_l("Paste a token."))],
        filters=[stripped, bare],
        description=_l("It is sent to this site only, and not stored or logged."),
        render_kw={"rows": 5, "autocomplete": "off", "spellcheck": "false"},
    )
    method = SelectField(_l("Method"), choices={method: method for method in METHODS}, default="GET")
    path = StringField(
        _l("Path"),
        [Optional(), Length(max=500), one_line],
        filters=[stripped],
        description=_l("A path such as /protected, to check whether the token gives access to it."),
        render_kw={"maxlength": 500, "autocomplete": "off", "spellcheck": "false"},
    )
    calling_from = StringField(
        _l("Client IP address"),
        [Optional(), Length(max=50)],
        filters=[stripped],
        description=_l("Leave empty to use yours."),
        render_kw={"maxlength": 50, "autocomplete": "off", "spellcheck": "false"},
    )

    def validate_path(self, field: StringField) -> None:
        try:
            path = urlsplit(field.data or "").path
        except ValueError:
            path = ""
        if not path.startswith("/"):
            raise ValidationError(_("Enter a path on this site, such as /protected."))

    def validate_calling_from(self, field: StringField) -> None:
        try:
            ip_address(field.data or "")
        except ValueError:
            raise ValidationError(_("Enter one IP address, such as 10.0.0.7 or 2001:db8::7.")) from None

    @property
    def path_without_query(self) -> str:
        return urlsplit(self.path.data or "").path
