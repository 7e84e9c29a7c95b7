"""Events in sentences."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from webapp.audit.log import Event
from webapp.audit.models import AuditEvent
from webapp.audit.sentences import sentence_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def event(kind, **details):
    return AuditEvent(id=uuid4(), at=NOON, event=kind.value, details=details, address=None)


@pytest.mark.parametrize("kind", Event)
def test_every_event_has_a_sentence_even_without_details(kind):
    sentence = sentence_of(event(kind)).sentence
    assert sentence.endswith(".")
    assert sentence[0].isupper()
    assert kind.value not in sentence


@pytest.mark.parametrize("kind", Event)
def test_no_sentence_says_the_name_of_a_variable(kind):
    details = {"role": "super_admin", "former": "user", "amr": "pwd", "name": "laptop", "code": "role_required"}
    assert "_" not in sentence_of(event(kind, **details, route="/x")).sentence


@pytest.mark.parametrize("kind", [Event.SESSION_REFUSED, Event.LOGIN_THROTTLED, Event.ACCESS_REFUSED])
def test_a_refusal_is_marked_as_one(kind):
    assert sentence_of(event(kind)).is_refusal


def test_the_name_of_a_token_is_found_by_its_credential():
    made = event(Event.TOKEN_FIRST_USED)
    made.credential_id = uuid4()
    assert "laptop" in sentence_of(made, {made.credential_id: "laptop"}).sentence


def test_the_login_of_a_script_is_told_as_a_login_and_not_by_the_name_of_its_token():
    assert sentence_of(event(Event.TOKEN_MINTED, name="api-x7", origin="api")).sentence == "A script logged in as you."
    assert (
        sentence_of(event(Event.TOKEN_MINTED, name="laptop", origin="page")).sentence == "The token laptop was created."
    )
