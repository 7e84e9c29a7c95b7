"""Templates of mails, read as text."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates" / "mail"
# Within a translated sentence a URL has a name, which the head of the sentence sets.
OF_THIS_SITE = {"{{ site.base_url ", "site.base_url ~ "}
NAMED = "{{ href "


def test_no_link_of_a_mail_depends_on_the_request() -> None:
    """Zitadel, four advisories in two years: they lead to WEBAPP_BASE_URL, whatever host the request named."""
    for template in TEMPLATES.glob("*"):
        text = template.read_text()
        assert not re.search(r"url_for|request\.|https?:", text), template
        urls = set(re.findall(r'href="?([^"}]*)', text))
        allowed = OF_THIS_SITE | {NAMED} if "trans href=site.base_url ~ " in text else OF_THIS_SITE
        assert urls <= allowed, template
