"""Import of users from a file: first every line is checked, then all are written in one transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

import msgspec
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts.foreign_hashes import recognized
from webapp.accounts.import_checks import ImportedUser, ImportRules, LineRefused, checked_line
from webapp.accounts.import_files import Line
from webapp.accounts.models import User
from webapp.accounts.taken_names import TakenNames, taken_on_site
from webapp.audit import chain
from webapp.audit.log import Event, record
from webapp.mfa import passkey_records, totp

AT_ONCE = 500
NOT_OF_USER = {"line", "totp", "passkeys", "unusable_passkeys"}


class NamesTakenMeanwhile(Exception):
    """Between the check and the import somebody else took a name or an e-mail address."""


class RefusedLine(msgspec.Struct, frozen=True):
    line: int
    username: str
    reason: str


@dataclass(slots=True)
class ImportSummary:
    accepted: int = 0
    refused: int = 0
    without_password: int = 0
    with_totp: int = 0
    with_passkeys: int = 0
    unusable_passkeys: Counter[str] = field(default_factory=Counter)
    """Number of unusable passkeys by the host name that they belong to; they are left out."""
    roles: Counter[str] = field(default_factory=Counter)
    schemes: Counter[str] = field(default_factory=Counter)

    def add(self, user: ImportedUser) -> None:
        self.accepted += 1
        self.roles[user.role] += 1
        self.with_totp += user.totp is not None
        self.with_passkeys += bool(user.passkeys)
        self.unusable_passkeys.update(user.unusable_passkeys)
        if found := recognized(user.password_hash):
            self.schemes[found.scheme.name] += 1
        else:
            self.without_password += 1


def check(
    db: Session,
    lines: Iterable[Line],
    rules: ImportRules,
    *,
    refuse: Callable[[RefusedLine], None],
    accepted: IO[bytes],
) -> ImportSummary:
    """Check all lines, and write those that can be imported to a temporary file.

    Args:
        refuse: called with each line that cannot.

    Raises:
        InvalidImportFile
    """
    summary, taken_names, waiting = ImportSummary(), TakenNames(), iter(lines)
    while some := list(islice(waiting, AT_ONCE)):
        users, refusals = checked_lines(some, rules)
        existing = taken_on_site(db, users)
        for user in users:
            if reason := taken_names.conflict(user, existing):
                refusals.append(RefusedLine(user.line, user.username, reason))
                continue
            summary.add(user)
            accepted.write(msgspec.json.encode(user) + b"\n")
        summary.refused += len(refusals)
        for refusal in sorted(refusals, key=lambda refusal: refusal.line):
            refuse(refusal)
    return summary


def checked_lines(lines: Iterable[Line], rules: ImportRules) -> tuple[list[ImportedUser], list[RefusedLine]]:
    users, refusals = [], []
    for line in lines:
        try:
            if line.problem is not None:
                raise LineRefused(line.problem)
            users.append(checked_line(line.number, line.fields, rules))
        except LineRefused as error:
            name = line.fields.get("username")
            shown_name = name if isinstance(name, str) and name.isprintable() else ""
            refusals.append(RefusedLine(line.number, shown_name[:50], str(error)))
    return users, refusals


def write(db: Session, accepted: IO[bytes], summary: ImportSummary, *, file: str) -> None:
    """Add the users that ``check`` accepted, with an audit event for each, and one for the whole.

    Raises:
        NamesTakenMeanwhile
    """
    try:
        for users in batches(accepted):
            add_rows(db, users)
    except IntegrityError as error:
        raise NamesTakenMeanwhile from error
    # All events after all rows: a request that appends one waits for the end of this transaction, and must not hold a
    # name that is still to be added.
    record(db, Event.USERS_IMPORTED, users=summary.accepted, refused=summary.refused, file=file)
    for users in batches(accepted):
        for user in users:
            record(db, Event.USER_MADE, user_id=user.id, role=user.role, origin="import")
        chain.link(db)
        db.flush()
        # Otherwise all of them would be kept until the end.
        db.expunge_all()


def add_rows(db: Session, users: list[ImportedUser]) -> None:
    rows = [msgspec.structs.asdict(user) for user in users]
    db.execute(insert(User), [{k: v for k, v in row.items() if k not in NOT_OF_USER} for row in rows])
    totp.keep_sealed(db, {user.id: user.totp for user in users if user.totp})
    passkey_records.add(db, {user.id: user.passkeys for user in users})


def batches(accepted: IO[bytes]) -> Iterator[list[ImportedUser]]:
    accepted.seek(0)
    while some := list(islice(accepted, AT_ONCE)):
        yield [msgspec.json.decode(line, type=ImportedUser) for line in some]
