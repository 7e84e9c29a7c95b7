"""How many logins with providers may be begun, and by whom."""

import pytest

from tests import factories
from tests.federation.upstream import linked, log_in
from tests.second_factors import with_app, with_passkey
from webapp.federation.views.start import BEGUN

LOGIN = "/login/with/acme"


@pytest.mark.parametrize("destination", ["image", "iframe", "script", "empty", "embed"])
def test_what_another_page_loads_begins_no_login_and_is_not_counted(visitor, upstream, destination):
    for _try in range(BEGUN.amount + 1):
        answer = visitor.ask("GET", LOGIN, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": destination})
        assert answer.status_code == 403
    assert log_in(visitor, upstream).status_code == 303


def test_logins_that_are_not_completed_are_limited_by_network(visitor, upstream):
    codes = [visitor.ask("GET", LOGIN).status_code for _try in range(BEGUN.amount + 1)]
    assert codes == [303] * BEGUN.amount + [429]


def test_completed_logins_do_not_count(app, visitor, user, upstream):
    linked(app, user)
    for _try in range(BEGUN.amount + 1):
        visitor.client.delete_cookie("session")
        assert log_in(visitor, upstream).headers["Location"] == "/dashboard"


@pytest.mark.parametrize("factor", [with_app, with_passkey])
def test_an_account_with_a_second_factor_is_not_linked_by_its_e_mail_address(app, visitor, upstream, factor):
    grace = factories.user(app, "grace", email="grace@example.org")
    factor(app, grace)
    assert log_in(visitor, upstream).headers["Location"] == f"{LOGIN}/account"
