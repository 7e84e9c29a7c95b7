"""What a restored backup keeps of its keys and credentials: a pure decision (``docs/backups.md`` has it as a table)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from webapp.core.clock import NEVER


class EmergencyUnknown(Exception):
    """Logins should stay, but it is unknown whether ``keys emergency`` was run since the backup was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFacts:
    """What this site knows of the time since the backup was made."""

    newest_event: datetime | None
    """The last event in the backup: it was made then or later."""
    has_former: bool
    """Whether the database that is replaced can be read and went on from the backup."""
    emergency_at: datetime | None
    """The last ``keys emergency``, as the former database or the instance folder has it."""

    @property
    def is_before_emergency(self) -> bool:
        at = self.emergency_at
        return at is not None and (self.newest_event is None or self.newest_event < at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    keys: Literal["former", "new", "backup"]
    """The database whose signing keys and cookie generation are used afterwards."""
    ended_before: datetime | None
    """Credentials, links and mails created before end; None: none."""


def decide(facts: RestoreFacts, *, before: datetime | None, no_emergency: bool) -> Outcome:
    """Decide which keys a restored site uses, and which logins and tokens end.

    Args:
        before: what the operator wants to end; None: nothing.
        no_emergency: the operator says that there was no emergency since the backup.

    Raises:
        EmergencyUnknown
    """
    if facts.is_before_emergency:
        return Outcome(keys="former" if facts.has_former else "new", ended_before=NEVER)
    if facts.has_former:
        return Outcome(keys="former", ended_before=before)
    if before == NEVER:
        # Nothing that the keys of the backup have signed is of use any more.
        return Outcome(keys="new", ended_before=NEVER)
    if not no_emergency:
        raise EmergencyUnknown
    return Outcome(keys="backup", ended_before=before)
