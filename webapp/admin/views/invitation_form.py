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
        description="The link is mailed there, and using it proves the address. Empty: you get the link to hand over.",
        render_kw={"autocomplete": "off"},
    )
    role = SelectField("Role", [InputRequired("Choose a role.")])
    days = IntegerField(
        "Days",
        [Optional(), NumberRange(1, LONGEST.days, f"From 1 to {LONGEST.days} days.")],
        default=LIFETIME.days,
        description="So long it works.",
    )
    most_uses = IntegerField(
        "Uses",
        [Optional(), NumberRange(1, MOST_USES, f"From 1 to {MOST_USES} times.")],
        default=1,
        description="How many accounts it makes; with an address, one.",
    )
    note = StringField(
        "Note",
        [Length(max=200), one_line],
        description="For you and the other admins.",
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
