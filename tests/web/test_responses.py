"""Responses to form posts for people and scripts: after a change, and for a form with errors."""

import re
from pathlib import Path

import msgspec
import pytest
from flask import session
from wtforms import StringField
from wtforms.validators import InputRequired

from webapp.core.translation import _l
from webapp.web.form import Form
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json, refuse_form

WEBAPP = Path(__file__).resolve().parents[2] / "webapp"
PERSON, SCRIPT = {"Accept": "text/html"}, {"Accept": "application/json"}


class Note(msgspec.Struct):
    text: str


class NoteForm(Form):
    text = StringField(validators=[InputRequired("Enter a text.")])


@pytest.mark.parametrize(
    ("headers", "arguments", "status", "body", "messages"),
    [
        pytest.param(PERSON, {"message": "Saved."}, 303, None, [("ok", "Saved.")], id="a person"),
        pytest.param(PERSON, {"message": _l("Saved.")}, 303, None, [("ok", "Saved.")], id="a text to be translated"),
        pytest.param(PERSON, {"answer": Note("tea")}, 303, None, [], id="a person without a message"),
        pytest.param(PERSON, {"message": "Saved.", "status": 201}, 303, None, [("ok", "Saved.")], id="another status"),
        pytest.param(SCRIPT, {"message": "Saved."}, 204, b"", [], id="a script"),
        pytest.param(SCRIPT, {"message": "Sent.", "status": 202}, 202, b"", [], id="a script: accepted"),
        pytest.param(SCRIPT, {"answer": Note("tea")}, 200, b'{"text":"tea"}', [], id="a script: JSON"),
        pytest.param(
            SCRIPT, {"message": "Saved.", "answer": Note("tea"), "status": 201}, 201, b'{"text":"tea"}', [],
            id="a script: created",
        ),
    ],
)  # fmt: skip
def test_people_are_redirected_with_a_message_and_scripts_get_json(app, headers, arguments, status, body, messages):
    with app.test_request_context(method="POST", headers=headers):
        response = redirect_or_json("/notes", **arguments)
        assert (response.status_code, session.get("_flashes", [])) == (status, messages)
        assert response.location == ("/notes" if status == 303 else None)
        assert body is None or response.data == body


class TestAFormWithErrors:
    @staticmethod
    def page():
        return "the form", 200, {"X-Kept": "1"}

    def test_an_invalid_form_is_shown_again_to_people(self, app):
        with app.test_request_context(method="POST", headers=PERSON):
            response = refuse_form(NoteForm(), self.page, problem=Problem(401, "Not you"))
            assert (response.status_code, response.data, response.headers["X-Kept"]) == (422, b"the form", "1")

    def test_an_invalid_form_is_a_problem_with_errors_for_scripts(self, app):
        with app.test_request_context(method="POST", headers=SCRIPT):
            form = NoteForm()
            assert not form.validate_on_submit()
            with pytest.raises(Problem) as refused:
                refuse_form(form, lambda: pytest.fail("The page was made for a script."))
            assert (refused.value.status, refused.value.extra) == (422, {"errors": {"text": ["Enter a text."]}})

    def test_an_invalid_form_is_the_problem_that_the_view_names_for_scripts(self, app):
        with app.test_request_context(method="POST", headers=SCRIPT), pytest.raises(Problem) as refused:
            refuse_form(NoteForm(), self.page, problem=Problem(401, "Not you"))
        assert refused.value.status == 401


def test_flash_is_called_only_where_scripts_are_distinguished():
    storing = [path for path in WEBAPP.rglob("*.py") if re.search(r"\bflash\(", path.read_text())]
    assert {path.relative_to(WEBAPP).as_posix() for path in storing} == {
        "web/responses.py",
        # Behind wants_page(): scripts get a problem.
        "federation/views/failures.py",
        "federation/views/logout.py",
        "login/views/pending_cookie.py",
        "login/views/second_step.py",
        "accounts/views/first_login.py",
        # After a login in a browser.
        "login/views/resume.py",
    }  # fmt: skip
