"""The rooms that have doors; a new one is entered here."""

from flask import Flask

from webapp.accounts.views import (
    account,
    not_me,
    not_my_token,
    password_strength,
    recovery,
    registration,
    setup,
    verification,
)
from webapp.admin.views import audit, invitations, mail, overview, roles, users
from webapp.dashboard import views as dashboard
from webapp.examples import views as examples
from webapp.login.views import api, pages
from webapp.mfa.views import pages as factors
from webapp.sessions import views as sessions
from webapp.site import views as site
from webapp.tokens import views as tokens

ENTRANCE = setup, pages, registration, verification, recovery, password_strength, api
OWN = dashboard, account, sessions, tokens, factors, not_me, not_my_token
ADMIN = overview, users, roles, audit, invitations, mail
ROOMS = (site, *ENTRANCE, *OWN, *ADMIN, examples)


def register_blueprints(app: Flask) -> None:
    for room in ROOMS:
        app.register_blueprint(room.bp)
