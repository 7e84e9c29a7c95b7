"""An app that receives logout tokens."""

from urllib.parse import parse_qs

import jwt

from tests import factories
from webapp.core.outgoing_http import OutgoingResponse
from webapp.oauth.grants.token_service import TokenService
from webapp.oauth.logout_worker import LogoutWorker
from webapp.web.registry import services_of

URL = "https://wiki.example.org/backchannel-logout"


class Receiver:
    """The app's side: what it was sent, and what it answers."""

    def __init__(self, site):
        self.site, self.sent, self.answers = site, [], []
        self.worker = LogoutWorker(factories.database_of(site), services_of(site).get(TokenService), self)

    def send(self, method, url, *, body, headers):
        assert method == "POST"
        assert headers == {"Content-Type": "application/x-www-form-urlencoded"}
        self.sent.append((url, parse_qs(body.decode())["logout_token"][0]))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise answer
        return OutgoingResponse(answer, b"")

    def received(self):
        """The tokens that are sent now."""
        self.sent.clear()
        self.worker.send_due()
        return [token for _url, token in self.sent]


def log_in(wiki, person, scope="openid"):
    return wiki.redeem(wiki.authorize(person, scope=scope)["code"]).json


def read(token):
    return jwt.decode(token, options={"verify_signature": False})
