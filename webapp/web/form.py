"""Form: FlaskForm with its own CSRF off; reads a form or a JSON object, refuses every other shape."""

from typing import Any, ClassVar

from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import BooleanField, Field, IntegerField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError

from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.translation import _
from webapp.web.body import is_json, json_value, submitted
from webapp.web.form_body import unreadable
from webapp.web.problems import Problem

# As browsers and WTForms say it; a number is neither.
TICKED, UNTICKED = {"y", "on", "true"}, {"", "false"}


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
                raise unreadable(_("%(name)s was sent more than once.", name=field.name))
            if not (fits(field) if is_json() else is_a_word(field)):
                raise unreadable(_("%(name)s has the wrong type.", name=field.name))

    def refused(self) -> Problem:
        """What a script hears of a form that does not fit; people see the page again."""
        return Problem(
            422, _("Some fields need to be corrected"), _("Nothing was changed."), extra={"errors": errors_of(self)}
        )


def is_a_word(field: Field) -> bool:
    """Whether a form says of a box that it is ticked, or not, in a way that means it."""
    return not isinstance(field, BooleanField) or set(submitted().getlist(field.name)) <= TICKED | UNTICKED


def fits(field: Field) -> bool:
    """Whether a JSON value is of the field's own type, or says nothing."""
    value = json_value(field.name)
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


def stripped(text: str | None) -> str | None:
    return text.strip() if text else text


def one_line(_form: Any, field: Field) -> None:
    """Asked of what others read: what turns a line around or ends it has no business on pages and in mails."""
    if not (field.data or "").isprintable():
        raise ValidationError(_("Enter one line of printable text."))
    if is_stacked(field.data or ""):
        raise ValidationError(STACKED)
