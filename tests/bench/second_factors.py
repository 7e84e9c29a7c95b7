"""How much of the processor a login by passkey takes, and the check of a code.

Run alone: ``python -m tests.bench.second_factors``. In this process, on a database in a temporary folder.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyotp
from sqlalchemy import update

from tests import factories
from tests.browser import Person
from tests.second_factors import NAMED, options, with_app, with_passkey
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.mfa import totp
from webapp.mfa.models import TotpSeed
from webapp.mfa.totp import TotpEncryptor
from webapp.web.registry import services_of

ROUNDS = 60
LOGIN_BUDGET, CODE_BUDGET = 0.020, 0.002
MANY = {"WEBAPP_LOGIN_TRIES_PER_NETWORK": "100000", "WEBAPP_LOG_LEVEL": "error"}


def timed(action: Callable[[], object]) -> float:
    """Of this process alone: what else the machine does, and its disk, is measured elsewhere."""
    begun = time.process_time()
    action()
    return time.process_time() - begun


def logins(app, user) -> list[float]:
    device, found = with_passkey(app, user), []
    for _ in range(ROUNDS):
        person = Person(app)
        person.ask("GET", "/login")
        token = person.csrf_token
        answer = device.show(options(person, "/login/passkey"))
        sent = {"response": answer, "csrf_token": token}
        found.append(timed(lambda person=person, sent=sent: person.ask("POST", "/login/passkey", data=sent)))
        assert person.page.status_code == 303
    return found


def codes(app, user) -> tuple[list[float], list[float]]:
    """The comparison alone, and with the statement that spends the code."""
    mine, compared, spent = with_app(app, user), [], []
    database, encryptor = services_of(app).get(Database), services_of(app).get(TotpEncryptor)
    for _ in range(ROUNDS):
        code = pyotp.TOTP(mine.seed).now()
        compared.append(timed(lambda code=code: totp.step_of(mine.seed, code, now())))
        with database.write() as db:
            db.execute(update(TotpSeed).values(last_step=0))
        with database.write() as db:
            spent.append(timed(lambda db=db, code=code: totp.spend(db, encryptor, user.id, code)))
    return compared, spent


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        environ = {"WEBAPP_INSTANCE": str(Path(folder) / "site")} | NAMED | MANY
        schema.upgrade(CommandContext(environ).settings)
        app = create_app(CommandContext(environ).settings)
        user = factories.user(app, "bench")
        login = statistics.median(logins(app, user)[5:])
        compared, spent = (statistics.median(times[5:]) for times in codes(app, user))
        close(app)
    print(f"a login by passkey: {login * 1000:.1f} ms of the server, at the median of {ROUNDS}")
    print(f"a code: {compared * 1000:.2f} ms to compare, {spent * 1000:.2f} ms with the statement that spends it")
    return 0 if login <= LOGIN_BUDGET and spent <= CODE_BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
