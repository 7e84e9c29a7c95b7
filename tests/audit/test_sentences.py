"""Events in sentences, for the user whom they concern and for admins."""

from datetime import UTC, datetime
from typing import get_args
from uuid import uuid4

import pytest

from webapp.audit.log import FORMER_NAMES, Event
from webapp.audit.models import AuditEvent
from webapp.audit.sentences import SENTENCES, UserReference, parts, sentence_of
from webapp.audit.sentences.wording import BOUNDS, CODES, NAMES, Details
from webapp.web.problem_codes import ProblemCode

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DETAILS = {
    "role": "super_admin",
    "former": "user",
    "amr": "pwd",
    "name": "laptop",
    "code": "role_required",
    "reason": "too late",
    "route": "/x",
}
NAMED = {UserReference.USER: "ada", UserReference.ACTOR: "ines"}


def to_user(kind, /, **details):
    event = AuditEvent(id=uuid4(), at=NOON, event=str(kind), details=details, address=None)
    return sentence_of(event).sentence


def to_admin(kind, /, *, has_actor=False, **details):
    return "".join(NAMED.get(part, part) for part in parts(str(kind), Details(details), has_actor=has_actor))


def test_there_is_one_entry_for_each_event():
    assert SENTENCES.keys() == set(Event)


@pytest.mark.parametrize("kind", Event)
@pytest.mark.parametrize("reader", [to_user, to_admin])
def test_every_event_has_a_sentence_even_without_details(reader, kind):
    sentence = reader(kind)
    assert sentence.endswith(".")
    assert sentence[0].isupper() or sentence.startswith(("ada", "0"))
    assert not [flaw for flaw in (kind.value, "None", "%(", "_") if flaw in sentence + reader(kind, **DETAILS)]


@pytest.mark.parametrize("kind", Event)
def test_a_sentence_addresses_its_user_but_not_admins(kind):
    assert not NAMES.search(to_user(kind))
    assert not {"you", "your", "yours"} & set(to_admin(kind).lower().rstrip(".").split())


@pytest.mark.parametrize("kind", [Event.SESSION_REFUSED, Event.LOGIN_THROTTLED, Event.ACCESS_REFUSED])
def test_a_refusal_is_marked(kind):
    assert sentence_of(AuditEvent(id=uuid4(), at=NOON, event=kind.value, details={}, address=None)).is_refusal


@pytest.mark.parametrize(
    ("event", "details", "sentence"),
    [
        (Event.USER_DISABLED, {}, "ada was disabled by ines."),
        (Event.ROLE_CHANGED, {"former": "user", "role": "super_admin"}, "The role of ada was changed by ines."),
        (Event.ROLE_EDITED, {"role": "night_admin"}, "The role night admin was changed by ines."),
        (Event.RESET_ASKED, {"way": "by mail"}, "A password reset link was mailed to ada by ines."),
        pytest.param(
            *(Event.USER_CLOSED, {}, "ada closed their account. Done by ines."), id="what nobody does for others"
        ),
    ],
)
def test_sentences_for_admins_name_the_actor(event, details, sentence):
    assert to_admin(event, has_actor=True, **details) == sentence


@pytest.mark.parametrize(
    ("event", "details", "you", "they"),
    [
        (Event.TOKEN_MINTED, {"origin": "api"}, "A script logged in as you.", "A script logged in as ada."),
        (
            *(Event.TOKEN_MINTED, {"name": "laptop", "origin": "page", "amr": "pwd otp"}),
            "The token laptop was created on the API tokens page, after a login with password and code.",
            "The token laptop of ada was created on the API tokens page, after a login with password and code.",
        ),
        (
            Event.TOKEN_MINTED,
            {"origin": "cli"},
            *(f"A token{of} was created on the command line." for of in ("", " of ada")),
        ),
        (
            Event.RECOVERY_CODE_USED,
            {"left": 1},
            "A recovery code was used; 1 is left.",
            "ada used a recovery code; 1 is left.",
        ),
        (
            *(Event.LOGIN_LOCKED, {"failed": 20}),
            "20 wrong passwords in a row were entered for your account. Logins from unknown browsers are locked.",
            "20 wrong passwords in a row for ada; logins from unknown browsers are locked.",
        ),
        (
            *(Event.FACTOR_ADDED, {"kind": "passkey", "name": "100 %(user)s"}),
            "A passkey called 100 %(user)s was added.",
            "A passkey called 100 %(user)s was added by ada.",
        ),
        (
            *(Event.DATABASE_RESTORED, {"ended": {"session": 2, "refresh": 1}}),
            *("The database was restored from a backup; ended: 2 sessions, 1 script login.",) * 2,
        ),
    ],
)
def test_each_kind_of_reader_has_its_own_form(event, details, you, they):
    assert (to_user(event, **details), to_admin(event, **details)) == (you, they)


def test_the_name_of_a_token_is_found_by_its_credential():
    made = AuditEvent(id=uuid4(), at=NOON, event="token.first-used", details={}, address=None, credential_id=uuid4())
    assert "laptop" in sentence_of(made, {made.credential_id: "laptop"}).sentence


def test_an_unknown_name_is_not_shown_as_a_user():
    assert UserReference.USER not in parts(Event.SESSION_REFUSED, Details({"is_known": False}), has_actor=False)


@pytest.mark.parametrize("reader", [to_user, to_admin])
def test_an_unknown_event_is_shown_by_its_name(reader):
    assert reader("moon.landed") == "moon.landed"


@pytest.mark.parametrize(("former", "event"), FORMER_NAMES.items())
def test_a_renamed_event_has_the_same_sentence(former, event):
    assert to_user(former) == to_user(event)
    assert to_admin(former) == to_admin(event)
    stored = AuditEvent(id=uuid4(), at=NOON, event=former, details={}, address=None)
    assert sentence_of(stored).event == event


def test_details_in_the_sentence_are_marked_as_shown():
    details = Details({"route": "/logout", "code": "csrf_failed", "limit": 3})
    parts(Event.ACCESS_REFUSED, details, has_actor=False)
    assert details.used >= {"route", "code", "bound"}
    assert "limit" not in details.used


def test_every_problem_code_and_restriction_has_words():
    assert CODES.keys() == set(get_args(ProblemCode))
    assert {bound: str(words) for bound, words in BOUNDS.items()} == {
        "network": "not allowed by the token's limit on networks",
        "method": "not allowed by the token's limit on methods",
        "resource": "not allowed by the token's limit on paths",
        "rate": "over the token's limit of requests per minute",
    }
