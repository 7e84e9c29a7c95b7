"""A process that spends codes as fast as it is told: the other half of a race."""

import sys
from uuid import UUID

from webapp.app import close, create_app
from webapp.mfa import ceremonies, passkeys, recovery_codes, totp
from webapp.mfa.models import Passkey
from webapp.settings import Settings


def main() -> None:
    app = create_app(Settings.from_env())
    database, sealer = app.extensions["database"], app.extensions["totp_sealer"]
    print("ready", flush=True)
    for line in sys.stdin:
        kind, whose, what = line.split(maxsplit=2)
        try:
            with database.write() as db:
                if kind == "totp":
                    totp.spend(db, sealer, UUID(whose), what)
                elif kind == "passkey":
                    passkeys.use(db, db.get_one(Passkey, UUID(whose)), ceremonies.Shown(int(what), is_synced=False))
                elif not recovery_codes.spend(db, UUID(whose), what):
                    raise totp.WrongCode
            print("won", flush=True)
        except (totp.WrongCode, passkeys.CounterBack):
            print("late", flush=True)
    close(app)


if __name__ == "__main__":
    main()
