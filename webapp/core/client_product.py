"""What a client calls itself, as far as it can be repeated to somebody."""

import re

from webapp.core.translation import _l

# Enough to know it by, and nothing that could talk to whoever reads it in a mail.
PRODUCT = re.compile(r"[A-Za-z0-9._-]{1,40}(?=/|$)")
UNKNOWN = "a script"


def product_of(user_agent: str) -> str:
    """As a script names itself, without its version: an update makes it no other. Whatever reads oddly is a script."""
    found = PRODUCT.match(user_agent)
    return found[0] if found else UNKNOWN


def client_name(user_agent: str) -> str:
    """The same for people: what has no name is "a script" in their language."""
    product = product_of(user_agent)
    return _l("a script") if product == UNKNOWN else product
