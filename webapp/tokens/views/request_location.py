"""RequestLocation: the IP address of the request, offered for the restrictions of a token."""

import ipaddress
from dataclasses import dataclass

from flask import request

from webapp.core.translation import _
from webapp.web.proxy import has_untrusted_proxy


@dataclass(frozen=True, slots=True)
class RequestLocation:
    ip_address: str | None
    warning: str


def request_location() -> RequestLocation:
    try:
        ip_address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return RequestLocation(None, "")
    if has_untrusted_proxy(request.environ):
        warning = _(
            "The request came through a proxy that this site does not trust, so this may be the IP address of that "
            "proxy."
        )
    elif not ip_address.is_global:
        warning = _("It belongs to your local network and is different elsewhere.")
    else:
        warning = ""
    return RequestLocation(str(ip_address), warning)
