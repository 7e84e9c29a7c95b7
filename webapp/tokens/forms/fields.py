"""Fields that more than one form about tokens has, and their rules."""

import re
from collections.abc import Sequence
from typing import Any

from wtforms import SelectMultipleField, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import TextInput


class ListField(SelectMultipleField):
    """Several words: in one line of a form, with spaces or commas between, and a list in JSON."""

    widget = TextInput()

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = [word for value in valuelist for word in re.split(r"[\s,]+", value) if word]

    def _value(self) -> str:
        return " ".join(self.data or ())


def stripped(value: str | None) -> str | None:
    return value.strip() if value else value


def one_line(_form: Any, field: StringField) -> None:
    # What turns a line around or ends it has no business on pages and in mails.
    if not (field.data or "").isprintable():
        raise ValidationError("One line of text, all of it printable.")
