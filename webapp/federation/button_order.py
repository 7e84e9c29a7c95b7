"""The order of the buttons of providers on the login page."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit.log import Event
from webapp.federation import providers
from webapp.federation.lifecycle import ProviderEditor, record_change, refuse_declared
from webapp.federation.models import LoginProvider


def move_up(db: Session, row: LoginProvider, editor: ProviderEditor) -> None:
    """Move the button of a provider before the one above it.

    Raises:
        IsDeclared: this one, or the one above it, whose positions are in the file.
    """
    db.execute(select(LoginProvider.id).order_by(LoginProvider.id).with_for_update())
    rows = list(providers.list_providers(db))
    place = rows.index(row)
    if place == 0:
        return
    refuse_declared(row, editor)
    refuse_declared(rows[place - 1], editor)
    former, slots = row.position, [one.position for one in rows]
    rows[place - 1 : place + 1] = row, rows[place - 1]
    if slots[-1] + len(rows) > providers.LAST_POSITION:
        slots = list(range(len(rows)))
    least = 0
    for one, slot in zip(rows, slots, strict=True):
        if not one.is_declared:
            # Several may have had the same.
            one.position = max(slot, least)
        least = one.position + 1
    record_change(db, Event.PROVIDER_EDITED, row, editor, before={"position": former}, after={"position": row.position})
