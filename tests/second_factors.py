"""People with second factors: an app, a passkey, a sheet of recovery codes."""

import json
import re
import time
from dataclasses import dataclass
from datetime import timedelta

import pyotp
import time_machine
from flask import Flask

from tests.browser import Person
from tests.passkey import ORIGIN, RP_ID, Authenticator
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mfa import passkeys, recovery_codes, totp, webauthn_ceremonies
from webapp.mfa.models import Passkey
from webapp.mfa.relying_party import RelyingParty
from webapp.mfa.totp import TotpEncryptor
from webapp.web.registry import services_of

NAMED = {"WEBAPP_BASE_URL": ORIGIN}
"""The settings of a site that browsers make passkeys for."""
PARTY = RelyingParty(RP_ID, ORIGIN, "Latchkey")
JSON = {"Accept": "application/json"}
SECURITY, STEP = "/account/security", "/login/second-step"


@dataclass
class App:
    """An authenticator app: a new code each time, as patient people type them."""

    seed: str
    step: int = 0

    def code(self) -> str:
        """The next one that was not used: of this step, or of the one after."""
        self.step = max(self.step + 1, int(time.time()) // 30)
        return pyotp.TOTP(self.seed).generate_otp(self.step)


def with_app(app: Flask, user: User) -> App:
    """Enrolled a while ago."""
    seed = totp.new_seed()
    with time_machine.travel(now() - timedelta(minutes=5), tick=False), services_of(app).get(Database).write() as db:
        totp.enrol(db, services_of(app).get(TotpEncryptor), user.id, seed, pyotp.TOTP(seed).now())
    return App(seed)


def with_passkey(app: Flask, user: User, **device: object) -> Authenticator:
    made = Authenticator(**device)  # type: ignore[arg-type]
    challenge = b"x" * 32
    asked = webauthn_ceremonies.creation_options(
        PARTY, challenge, user_id=user.id, username=user.username, known_passkeys=[]
    )
    with services_of(app).get(Database).write() as db:
        passkeys.add(db, user.id, webauthn_ceremonies.registered(PARTY, challenge, made.make(asked)))
    return made


def with_sheet(app: Flask, user: User) -> list[str]:
    with services_of(app).get(Database).write() as db:
        return recovery_codes.create(db, user.id)


def options(person: Person, path: str) -> dict[str, object]:
    page = person.page if hasattr(person, "page") else None
    answer = person.ask("GET", path, headers=JSON)
    if page is not None:
        person.page = page
    found: dict[str, object] = json.loads(answer.text)["publicKey"]
    return found


def touch(person: Person, device: Authenticator, path: str, button: str = "Use a passkey"):
    """What the script of the page does: ask for options, ask the device, send the form."""
    page = person.page
    answer = device.show(options(person, path))
    person.page = page
    return person.press(button, response=answer)


def register(person: Person, device: Authenticator):
    person.open("/account/security/passkeys/new")
    page = person.page
    answer = device.make(options(person, "/account/security/passkeys/options"))
    person.page = page
    return person.press("Add a passkey", response=answer)


def passkey_login(person: Person, device: Authenticator):
    person.open("/login")
    return touch(person, device, "/login/passkey")


def stored(app: Flask, user: User) -> list[Passkey]:
    with services_of(app).get(Database).read() as db:
        return list(passkeys.of_user(db, user.id))


def amr_of(app: Flask, person: Person) -> str:
    found = person.client.get("/account/sessions", headers={"Accept": "application/json"}).json
    return next(session["method"] for session in found["sessions"] if session["is_current"])


def is_in(person: Person) -> bool:
    return person.ask("GET", "/protected").status_code == 200


def offered(person: Person) -> App:
    """The app of somebody who has just scanned the picture."""
    secret = re.search(r"secret=([A-Z2-7]+)", person.open(f"{SECURITY}/totp").text)
    return App(secret[1])


def csrf(person: Person) -> str:
    found: str = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    return found


def half(app: Flask) -> Person:
    """Ada, whose password was right."""
    person = Person(app)
    person.log_in("ada")
    assert person.page.request.path == STEP
    return person
