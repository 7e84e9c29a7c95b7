"""The form that asks how long two tokens work beside each other."""

from datetime import timedelta

from wtforms import RadioField

from webapp.web.form import Form

OVERLAPS = {0: "None", 3600: "1 hour", 86400: "24 hours", 604800: "7 days"}
DAY = 86400


class RotateForm(Form):
    overlap = RadioField(
        "How long both tokens work",
        choices={str(seconds): words for seconds, words in OVERLAPS.items()},
        default=str(DAY),
        description="The old token never works past its own expiry.",
    )

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=int(self.overlap.data))
