"""The form that rotates a token."""

from datetime import timedelta

from wtforms import RadioField

from webapp.core.translation import _l
from webapp.web.form import Form

OVERLAPS = {0: _l("None"), 3600: _l("1 hour"), 86400: _l("24 hours"), 604800: _l("7 days")}
DAY = 86400


class RotateForm(Form):
    overlap = RadioField(
        _l("How long both tokens work"),
        choices=lambda: {str(seconds): str(words) for seconds, words in OVERLAPS.items()},
        default=str(DAY),
        description=_l("The old token never works past its own expiry."),
    )

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=int(self.overlap.data))
