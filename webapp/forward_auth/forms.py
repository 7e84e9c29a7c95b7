"""Forms of the pages about access to apps."""

from datetime import timedelta

from wtforms import IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange

from webapp.core.translation import _l
from webapp.forward_auth.access_requests import LONGEST_REASON
from webapp.forward_auth.guest_links import LONGEST_NOTE, MOST_DAYS
from webapp.web.form import Form, one_line, stripped

FOREVER = "forever"
LASTS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class AskForm(Form):
    reason = StringField(
        _l("Why you need it"),
        [InputRequired(_l("Enter a reason.")), Length(max=LONGEST_REASON, message=_l("This is too long.")), one_line],
        filters=[stripped],
        description=_l("The person who decides will read this."),
        render_kw={"maxlength": LONGEST_REASON, "autocomplete": "off"},
    )


class GrantForm(Form):
    lasts = SelectField(
        _l("For how long"),
        choices=lambda: [
            ("hour", _l("1 hour")),
            ("day", _l("1 day")),
            ("week", _l("1 week")),
            (FOREVER, _l("Permanently")),
        ],
        default="day",
    )


class GuestLinkForm(Form):
    path = StringField(
        _l("Path"),
        [InputRequired(_l("Enter a path.")), Length(max=500, message=_l("This is too long."))],
        filters=[stripped],
        description=_l(
            "With everything below it, such as /albums/summer. Files that its pages load from other paths are not "
            "included."
        ),
        render_kw={"maxlength": 500, "autocomplete": "off", "spellcheck": "false"},
    )
    note = StringField(
        _l("Who it is for"),
        [
            InputRequired(_l("Enter whom it is for.")),
            Length(max=LONGEST_NOTE, message=_l("This is too long.")),
            one_line,
        ],
        filters=[stripped],
        render_kw={"maxlength": LONGEST_NOTE, "autocomplete": "off"},
    )
    days = IntegerField(
        _l("Days"),
        [InputRequired(_l("Enter a number of days.")), NumberRange(1, MOST_DAYS, _l("From 1 to 30 days."))],
        default=7,
        render_kw={"inputmode": "numeric", "autocomplete": "off"},
    )
