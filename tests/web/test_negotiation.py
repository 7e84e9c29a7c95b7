"""Page or JSON: by what was brought, by what is accepted, by what was posted."""

import pytest

from webapp.web.negotiation import is_browser, wants_page

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("headers", "kind", "page"),
    [
        pytest.param({"Accept": "text/html"}, None, True, id="HTML is accepted"),
        pytest.param({"Accept": "*/*"}, None, False, id="anything is accepted"),
        pytest.param({}, None, False, id="nothing is said"),
        pytest.param({"Accept": "application/json"}, None, False, id="JSON is accepted"),
        pytest.param({"Accept": "*/*"}, FORM, True, id="a form is answered as one"),
        pytest.param({"Accept": "application/json"}, FORM, False, id="a form that asks for JSON is not"),
        pytest.param({"Accept": "application/json;q=0.1, */*"}, FORM, False, id="not even if it asks quietly"),
        pytest.param({"Accept": "text/html", "Authorization": "Bearer x"}, None, False, id="a token never gets a page"),
        pytest.param({"Accept": "text/html", "Authorization": "Bearer x"}, FORM, False, id="not even for a form"),
        pytest.param(
            {"Accept": "text/html", "Authorization": "Digest x"}, None, True, id="another scheme changes nothing"
        ),
        pytest.param({"Accept": "text/html"}, "application/json", True, id="a browser that posts JSON accepts HTML"),
    ],
)
def test_people_get_pages(app, headers, kind, page):
    with app.test_request_context(method="POST" if kind else "GET", headers=headers, content_type=kind):
        assert wants_page() == page


def test_only_browsers_get_refusals_as_pages(app):
    with app.test_request_context(method="POST", headers={"Accept": "*/*"}, content_type=FORM):
        assert not is_browser()
