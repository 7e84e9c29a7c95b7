"""What an invitation is made of."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from wtforms import EmailField, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from webapp.accounts.invitations import LIFETIME, LONGEST, MOST_USES, InvitationRequest
from webapp.core.humanize import in_words
from webapp.web.form import Form, one_line


class InvitationForm(Form):
    email = EmailField(
        "E-mail",
        [Optional(), Length(max=320)],
        description="The link is sent to this e-mail address. Leave it empty to get a link that you send yourself.",
        render_kw={"autocomplete": "off"},
    )
    role = SelectField("Role", [InputRequired("Choose a role.")])
    days = IntegerField(
        "Valid for (days)",
        [Optional(), NumberRange(1, LONGEST.days, f"Enter a number from 1 to {LONGEST.days}.")],
        default=LIFETIME.days,
        description="How long the link works.",
    )
    most_uses = IntegerField(
        "Number of accounts",
        [Optional(), NumberRange(1, MOST_USES, f"Enter a number from 1 to {MOST_USES}.")],
        default=1,
        description="How many accounts the link can create. With an e-mail address: 1.",
    )
    note = StringField(
        "Note",
        [Length(max=200), one_line],
        description="Only you and other admins see this.",
        render_kw={"autocomplete": "off"},
    )

    def __init__(self, *args: Any, granted: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = [(name, in_words(name)) for name in granted]

    @property
    def wish(self) -> InvitationRequest:
        return InvitationRequest(
            role=self.role.data,
            email=(self.email.data or "").strip() or None,
            note=(self.note.data or "").strip(),
            lifetime=timedelta(days=self.days.data) if self.days.data else LIFETIME,
            most_uses=self.most_uses.data or 1,
        )
