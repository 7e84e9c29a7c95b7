"""The form of an invitation."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from wtforms import EmailField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from webapp.accounts.invitations import LIFETIME, LONGEST, MAX_USES, InvitationRequest
from webapp.core.humanize import humanize
from webapp.core.translation import _l
from webapp.web.form import Form, one_line


class InvitationForm(Form):
    email = EmailField(
        _l("E-mail"),
        [Optional(), Length(max=320)],
        description=_l("The link is sent to this e-mail address. Leave it empty to get a link that you send yourself."),
        render_kw={"autocomplete": "off"},
    )
    role = SelectField(_l("Role"), [InputRequired(_l("Choose a role."))])
    days = IntegerField(
        _l("Valid for (days)"),
        [Optional(), NumberRange(1, LONGEST.days, _l("Enter a number from 1 to %(most)s.", most=LONGEST.days))],
        default=LIFETIME.days,
        description=_l("How long the link works."),
    )
    most_uses = IntegerField(
        _l("Number of accounts"),
        [Optional(), NumberRange(1, MAX_USES, _l("Enter a number from 1 to %(most)s.", most=MAX_USES))],
        default=1,
        description=_l("How many accounts the link can create. With an e-mail address: 1."),
    )
    note = StringField(
        _l("Note"),
        [Length(max=200), one_line],
        description=_l("Only you and other admins see this."),
        render_kw={"autocomplete": "off"},
    )

    def __init__(self, *args: Any, granted: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(name, humanize(name)) for name in granted]

    @property
    def invitation(self) -> InvitationRequest:
        return InvitationRequest(
            role=self.role.data,
            email=(self.email.data or "").strip() or None,
            note=(self.note.data or "").strip(),
            lifetime=timedelta(days=self.days.data) if self.days.data else LIFETIME,
            most_uses=self.most_uses.data or 1,
        )
