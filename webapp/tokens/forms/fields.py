"""Fields that more than one form about tokens has, and their rules."""

import re
from collections.abc import Sequence

from wtforms import SelectMultipleField
from wtforms.widgets import TextInput


class ListField(SelectMultipleField):
    """Several words: in one line of a form, with spaces or commas between, and a list in JSON."""

    widget = TextInput()

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = [word for value in valuelist for word in re.split(r"[\s,]+", value) if word]

    def _value(self) -> str:
        return " ".join(self.data or ())
