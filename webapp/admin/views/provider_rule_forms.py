"""Forms of the rules that give roles by claims."""

from collections.abc import Mapping

from wtforms import StringField, TextAreaField
from wtforms.validators import InputRequired, Length
from wtforms.widgets import TextArea

from webapp.admin.views.provider_kind_forms import EXACT
from webapp.core.translation import _l
from webapp.federation.login_outcome import LARGEST
from webapp.federation.provider_settings import LONGEST_VALUE
from webapp.web.form import Form, one_line, stripped


class RoleRuleForm(Form):
    claim = StringField(
        _l("Claim"),
        [InputRequired(_l("Enter a claim.")), Length(max=LONGEST_VALUE), one_line],
        filters=[stripped],
        description=_l("For example groups, or realm_access.roles for a nested member."),
        render_kw=EXACT | {"maxlength": LONGEST_VALUE},
    )
    value = StringField(
        _l("Value"),
        [InputRequired(_l("Enter a value.")), Length(max=LONGEST_VALUE), one_line],
        filters=[stripped],
        description=_l("The value of the claim, or one of its values."),
        render_kw=EXACT | {"maxlength": LONGEST_VALUE},
    )
    role = StringField(_l("Role"), [InputRequired(_l("Choose a role.")), Length(max=20)])

    def rule(self) -> Mapping[str, str]:
        return {"claim": self.claim.data or "", "value": self.value.data or "", "role": self.role.data or ""}


class ClaimsForm(Form):
    claims = TextAreaField(
        _l("Claims"),
        [InputRequired(_l("Enter claims.")), Length(max=LARGEST)],
        description=_l("As JSON, as an ID token or userinfo has them. Nothing is stored."),
        widget=TextArea(),
        render_kw=EXACT | {"rows": 6},
    )
