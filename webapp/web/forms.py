"""Form: FlaskForm with its own CSRF off; reads a form or a JSON object, refuses every other shape."""

import json
from typing import Any, ClassVar

from flask import g, request
from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, Field, IntegerField, SelectField, SelectMultipleField

from webapp.web.negotiation import FORM_TYPES
from webapp.web.problems import Problem

Submitted = MultiDict[str, str]


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """One form for people and scripts; its errors are for both."""

    either: ClassVar[tuple[str, ...]] = ()
    """Fields of which one is needed; checked by the form itself, read by the API description."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF has no types
        csrf = False

        def wrap_formdata(self, form: "Form", formdata: Any) -> Any:
            if formdata is not _Auto:
                return formdata
            return submitted() if form.is_submitted() else None

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        self.refuse_shapes()
        return bool(super().validate_on_submit(extra_validators))

    def refuse_shapes(self) -> None:
        for field in self:
            # Which of two values counts is a matter of taste, and two readers with two tastes are an attack.
            if not isinstance(field, SelectMultipleField) and len(submitted().getlist(field.name)) > 1:
                raise unreadable(f"{field.name} was sent more than once.")
            if not fits(field, g.json_values.get(field.name)):
                raise unreadable(f"{field.name} has a type that does not fit.")

    def refused(self) -> Problem:
        """What a script hears of a form that does not fit; people see the page again."""
        return Problem(
            422, "Something in it needs another look", "Nothing was changed.", extra={"errors": errors_of(self)}
        )


def fits(field: Field, value: Any) -> bool:
    """Whether a JSON value is of the field's own type, or says nothing."""
    if value is None or value == "":
        return True
    if isinstance(field, BooleanField):
        return isinstance(value, bool)
    if isinstance(field, SelectMultipleField):
        return isinstance(value, list)
    if isinstance(field, IntegerField | SelectField):
        return isinstance(value, int | str) and not isinstance(value, bool)
    return isinstance(value, str)


def errors_of(form: Form) -> dict[str, list[str]]:
    return {name or "form": [str(message) for message in messages] for name, messages in form.errors.items()}


def submitted() -> Submitted:
    """The members of the form or the JSON object that was sent.

    Raises:
        Problem: 400 if it is neither, 415 if it says that it is something else.
    """
    if "submitted" not in g:
        g.submitted = read_body()
    members: Submitted = g.submitted
    return members


def read_body() -> Submitted:
    g.json_values = {}
    if request.mimetype in FORM_TYPES:
        return checked(MultiDict(request.form))
    body = request.get_data(cache=True)
    if not body and not request.mimetype:
        return MultiDict()
    if request.is_json:
        return checked(members_of(body))
    raise Problem(415, "That kind of content is not read here", "Send a form, or a JSON object. Nothing was changed.")


def members_of(body: bytes) -> Submitted:
    try:
        found = json.loads(body.decode(), object_pairs_hook=without_repetition, parse_constant=unreadable_number)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise unreadable("The body is not JSON.") from error
    if not isinstance(found, dict):
        raise unreadable("The body must be a JSON object.")
    members: Submitted = MultiDict()
    for name, value in found.items():
        members.setlist(name, texts_of(name, value))
    g.json_values = found
    return members


def texts_of(name: str, value: Any) -> list[str]:
    """A JSON value as a form would have sent it; false and null as what was left out."""
    match value:
        case None | False:
            return []
        case True:
            return ["true"]
        case str() | int() | float():
            return [str(value)]
        case list() if all(isinstance(entry, str) for entry in value):
            return value
        case _:
            raise unreadable(f"{name} has a shape that does not fit.")


def without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member is there twice")
    return members


def unreadable_number(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def checked(members: Submitted) -> Submitted:
    """Without what no field of ours can hold: NUL ends text in databases and in C, lone surrogates cannot be stored."""
    for name, value in members.items(multi=True):
        if "\0" in name + value or not is_text(name + value):
            raise unreadable("It holds characters that are no text.")
    return members


def is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def unreadable(reason: str) -> Problem:
    return Problem(400, "This could not be read", f"{reason} Nothing was changed.")
