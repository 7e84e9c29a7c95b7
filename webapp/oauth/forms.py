"""Forms of the page on which people allow a device."""

from wtforms import StringField
from wtforms.validators import InputRequired, Length

from webapp.core.translation import _l
from webapp.oauth.user_codes import LENGTH
from webapp.web.form import Form

LONGEST = 4 * LENGTH


class UserCodeForm(Form):
    user_code = StringField(
        _l("Code"),
        [InputRequired(_l("Enter the code that the device shows.")), Length(max=LONGEST)],
        description=_l("8 letters, such as BCDF-GHJK."),
        render_kw={"maxlength": LONGEST, "autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )


class DeviceDecisionForm(UserCodeForm):
    decision = StringField(validators=[Length(max=10)])
    """``allow``; anything else is a refusal."""
