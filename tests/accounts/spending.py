"""A process that spends links as fast as it is told: the other half of a race."""

import sys
from datetime import UTC, datetime

from webapp.accounts import invitations, recovery, sign_up
from webapp.accounts.links import LinkDead
from webapp.accounts.notices import Here
from webapp.app import close, create_app
from webapp.settings import Settings

HERE = Here(datetime(2026, 1, 1, tzinfo=UTC), None, "a test")


def main() -> None:
    app = create_app(Settings.from_env())
    database, post = app.extensions["database"], app.extensions["post"]
    print("ready", flush=True)
    for line in sys.stdin:
        kind, secret = line.split()
        try:
            with database.write() as db:
                if kind == "reset":
                    recovery.reset(db, post, secret, f"hash of {id(line)}", HERE, revokes_tokens=True)
                elif kind == "verify":
                    sign_up.verify(db, secret)
                elif invitations.spend(db, secret) is None:
                    raise LinkDead
            print("won", flush=True)
        except LinkDead:
            print("late", flush=True)
    close(app)


if __name__ == "__main__":
    main()
