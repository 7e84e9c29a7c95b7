"""A stale or weak proof, told to a script: where to confirm, and by which ways of this very person."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.guard.example_routes import with_changes
from tests.script import Script
from tests.second_factors import JSON, NAMED, with_app, with_passkey, with_sheet
from webapp.core.clock import now
from webapp.testing import as_user


@pytest.mark.parametrize(
    ("has", "methods", "words"),
    [
        pytest.param((), ["password"], "with your password.", id="a password alone"),
        pytest.param((with_app,), ["totp"], "with a code from your authenticator app.", id="an app"),
        pytest.param(
            (with_app, with_sheet),
            ["totp", "recovery_code"],
            "with a code from your authenticator app or a recovery code.",
            id="an app and recovery codes",
        ),
        pytest.param((with_passkey,), ["passkey"], "with a passkey.", id="a passkey"),
    ],
)
def test_a_step_up_problem_has_the_url_and_the_methods_of_the_user(make_app, has, methods, words):
    app = make_app(**NAMED)
    user, script = factories.user(app, "ada"), as_user(app, "ada")
    for add in has:
        add(app, user)
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        found = script.post("/tokens/new", json={"name": "x", "scopes": ["profile:read"]}, headers=JSON).json
    assert found["code"] == "step_up_required"
    assert found["methods"] == methods
    assert found["fix"] == "http://localhost/confirm?next=/tokens/new"
    assert found["detail"].endswith(f"Confirm it's you at {found['fix']}, {words} Nothing was changed.")


def test_a_token_gets_the_url_of_the_page_that_creates_a_new_one(app, user):
    with_changes(app)
    script = Script(app, factories.api_token(app, user).token)
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        found = script.post("/grave").json
    assert (found["fix"], found["methods"]) == ("http://localhost:8000/tokens/new", ["password"])
    assert "create a new token" in found["detail"]
