"""Form: base class of all forms; FlaskForm without its CSRF field that also reads JSON objects, with strict types."""

from collections.abc import Sequence
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from flask_wtf.form import _Auto
from wtforms import BooleanField, Field, IntegerField, SelectField, SelectMultipleField, StringField
from wtforms import Form as BaseForm
from wtforms.validators import ValidationError

from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.translation import _, current_locale, texts_of_wtforms
from webapp.web.body import is_json, json_value, submitted
from webapp.web.form_body import unreadable
from webapp.web.problems import Problem

SPELLINGS = {"scope": "scopes", "scopes": "scope"}
"""Two names of one field: a form has one of them and accepts the other."""
# Values of a checkbox, from browsers and WTForms; numbers are not accepted.
TICKED, UNTICKED = {"y", "on", "true"}, {"", "false"}


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Base class of forms: the same fields and errors for HTML forms and JSON.

    CSRF is checked by the guard, not by the form.
    """

    prefixes: ClassVar[tuple[str, ...]] = ()
    """Fields whose names begin so are read too."""
    either: ClassVar[tuple[str, ...]] = ()
    """Fields of which one is required; for the OpenAPI document, checked by the form's own validation."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]  # Flask-WTF has no types
        csrf = False

        def wrap_formdata(self, form: "Form", formdata: Any) -> Any:
            if formdata is not _Auto:
                return formdata
            return submitted() if form.is_submitted() else None

        def get_translations(self, _form: "Form") -> Any:
            # Flask-WTF reads the catalogue from the disk in each request.
            return texts_of_wtforms(str(current_locale()))

    def validate_on_submit(self, extra_validators: Any = None) -> bool:
        """As ``FlaskForm.validate_on_submit``.

        Raises:
            Problem: 400 for a field of the wrong JSON type, or sent more than once.
        """
        self.refuse_wrong_types()
        return bool(super().validate_on_submit(extra_validators))

    def refuse_wrong_types(self) -> None:
        for field in self:
            # Programs disagree about which of two values counts, and attacks use that (HTTP parameter pollution).
            if not takes_several(field) and len(submitted().getlist(field.name)) > 1:
                raise unreadable(_("%(name)s was sent more than once.", name=field.name))
            if not (has_json_type(field) if is_json() else has_checkbox_value(field)):
                raise unreadable(_("%(name)s has the wrong type.", name=field.name))

    def refused(self) -> Problem:
        """The 422 problem with all field errors, for scripts; browsers get the page again."""
        return Problem(
            422, _("Some fields need to be corrected"), _("Nothing was changed."), extra={"errors": errors_of(self)}
        )


class WordsField(StringField):
    """Words separated by spaces; in JSON also a list of them. A form sends it once (RFC 6749 §3.2)."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = " ".join(valuelist)


def takes_several(field: Field) -> bool:
    return isinstance(field, SelectMultipleField) or (isinstance(field, WordsField) and is_json())


def field_names(form: type[BaseForm]) -> list[str]:
    """The fields of a form class, without making a form."""
    return [name for name in dir(form) if hasattr(getattr(form, name), "_formfield")]


def has_checkbox_value(field: Field) -> bool:
    """Whether the form value of a checkbox is one of the known ones; True for every other field."""
    return not isinstance(field, BooleanField) or set(submitted().getlist(field.name)) <= TICKED | UNTICKED


def has_json_type(field: Field) -> bool:
    """Whether the JSON value is of the field's type, null or empty."""
    value = json_value(field.name)
    if value is None or value == "":
        return True
    if isinstance(field, BooleanField):
        return isinstance(value, bool)
    if isinstance(field, SelectMultipleField):
        return isinstance(value, list | str if getattr(field, "takes_text", False) else list)
    if isinstance(field, WordsField):
        return isinstance(value, list | str)
    if isinstance(field, IntegerField | SelectField):
        return isinstance(value, int | str) and not isinstance(value, bool)
    return isinstance(value, str)


def errors_of(form: Form) -> dict[str, list[str]]:
    """Error messages by field name; those of the form as a whole under ``form``."""
    return {name or "form": [str(message) for message in messages] for name, messages in form.errors.items()}


def stripped(text: str | None) -> str | None:
    """WTForms filter: without white space at both ends."""
    return text.strip() if text else text


def one_line(_form: Any, field: Field) -> None:
    """WTForms validator for texts that other people read on pages and in mails.

    Refuses line breaks, bidirectional controls, other unprintable characters, and stacked combining marks.
    """
    if not (field.data or "").isprintable():
        raise ValidationError(_("Enter one line of printable text."))
    if is_stacked(field.data or ""):
        raise ValidationError(STACKED)
