"""The page that confirms an identity keeps the level that it is for, also after a wrong answer."""

import pytest

from tests.second_factors import half, with_app

TARGET = "/oauth/consent?x=1"
SECOND = "To continue, you need a second factor."
SETTING = "This is a security setting"
SKIPPED = "declined=acr"


@pytest.fixture
def person(app, user):
    totp = with_app(app, user)
    made = half(app)
    made.press("Continue", code=totp.code())
    return made


@pytest.mark.parametrize("is_optional", [False, True])
@pytest.mark.parametrize(("acr", "words"), [("aal2", SECOND), ("aal1", SETTING), ("unknown", SETTING), ("", SETTING)])
def test_wrong_code_keeps_the_level(person, acr, words, is_optional):
    person.open("/confirm", query_string={"acr": acr, "next": TARGET} | ({"optional": "1"} if is_optional else {}))
    for _try in range(2):
        assert words in person.page.text
        assert (SKIPPED in person.page.text) is is_optional
        person.press("Confirm", code="000000")
    assert person.page.status_code == 422
