"""Fields that several forms about tokens have."""

import re
from collections.abc import Sequence

from wtforms import SelectMultipleField
from wtforms.widgets import TextInput


class ListField(SelectMultipleField):
    """Several words: in one text field, separated by spaces or commas, and a list in JSON."""

    widget = TextInput()

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = [word for value in valuelist for word in re.split(r"[\s,]+", value) if word]

    def _value(self) -> str:
        return " ".join(self.data or ())


class ScopesField(ListField):
    """Scopes: a list, or words separated by spaces, in JSON too (RFC 6749 §3.3)."""

    takes_text = True
