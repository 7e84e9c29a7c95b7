"""The product name from a User-Agent header, safe to show in mails and pages."""

import re

from webapp.core.translation import _l

# Only characters with which the header cannot address the reader of a mail.
PRODUCT = re.compile(r"[A-Za-z0-9._-]{1,40}(?=/|$)")
UNKNOWN = "a script"


def product_of(user_agent: str) -> str:
    """The product name without its version, which changes with updates; ``UNKNOWN`` for anything unusual."""
    found = PRODUCT.match(user_agent)
    return found[0] if found else UNKNOWN


def client_name(user_agent: str) -> str:
    """The product name as shown to people: "a script" in their language if it is unknown."""
    product = product_of(user_agent)
    return _l("a script") if product == UNKNOWN else product
