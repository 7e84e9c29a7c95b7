"""Writes a new migration: ``make migration NAME="add notes"`` runs this file. It is not a command of the program."""

import re
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

from alembic import command

from webapp.cli import schema
from webapp.core.clock import now
from webapp.core.db import engine_for
from webapp.core.digests import new_secret
from webapp.settings import Settings

# The column in which Alembic keeps the revision of a database has as many characters.
REVISION_LENGTH = 32


def write(name: str, today: date) -> Path:
    """Write the difference between the models and the newest migration into ``migrations/versions``.

    Args:
        name: what the migration does, such as ``add notes``; the file is called ``YYYYMMDD_add_notes.py``.
        today: the date in its name; at least the day after the newest migration's, so that files sort in the order they
            run, whatever they are called.

    Returns:
        The new file. Its functions are empty if the models have not changed.

    Raises:
        ValueError: ``name`` has no letter or digit.
    """
    name_parts = re.sub(r"[^a-z0-9]+", " ", name.lower()).split()
    if not name_parts:
        raise ValueError("Name what the migration does: make migration NAME='add notes'")
    if head := schema.head():
        today = max(today, datetime.strptime(head[:8], "%Y%m%d").date() + timedelta(days=1))  # noqa: DTZ007 - a date
    revision = f"{today:%Y%m%d}_{'_'.join(name_parts)}"
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env(
            {"WEBAPP_INSTANCE": str(Path(folder) / "instance"), "WEBAPP_SECRET_KEY": new_secret()}
        )
        schema.upgrade(settings)
        with schema.disposed(engine_for(settings.database)) as engine, engine.connect() as connection:
            config = schema.config(connection)
            config.set_main_option("file_template", revision)
            sentence = " ".join(name_parts).capitalize()
            with schema.without_expression_indexes():
                command.revision(config, sentence, autogenerate=True, rev_id=revision[:REVISION_LENGTH].rstrip("_"))
    return schema.MIGRATIONS / "versions" / f"{revision}.py"


if __name__ == "__main__":
    try:
        print(write(" ".join(sys.argv[1:]), now().date()))
    except ValueError as error:
        sys.exit(str(error))
