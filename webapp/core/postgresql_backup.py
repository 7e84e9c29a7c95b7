"""Dump a PostgreSQL database, restore it as a database of its own, and let that take the place of the former one."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy.engine import URL, make_url

from webapp.core.clock import now
from webapp.core.restore import COPIES, InUse

LONGEST = 63
"""Bytes of a PostgreSQL identifier."""
DISCONNECTED_WITHIN = 5.0
"""Seconds. PostgreSQL counts a program as connected until a moment after it has closed its connection; ALTER DATABASE
waits as long."""
CONNECTED = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND usesysid IS NOT NULL LIMIT 1"
"""The autovacuum of the server has no user, and ALTER DATABASE ends it. Without the right to read all statistics, one
sees no more of the connections of others."""


class PostgresqlFailed(Exception):
    """A program of PostgreSQL is missing or failed, or a right is missing. The message is one sentence."""


def program(name: str) -> str:
    if (found := shutil.which(name)) is None:
        raise PostgresqlFailed(
            f"{name} is not installed here. Install PostgreSQL's client programs (on Debian: postgresql-client)"
        )
    return found


def run(name: str, url: URL, *arguments: str) -> None:
    """Run a program of PostgreSQL on a database. The password is not among the arguments, which all users can see."""
    conninfo = parameters(url)
    environ = os.environ | ({"PGPASSWORD": conninfo.pop("password")} if "password" in conninfo else {})
    command = [program(name), f"--dbname={make_conninfo(**conninfo)}", "--no-password", *arguments]
    # No shell, and the program is one of PostgreSQL's.
    completed = subprocess.run(  # noqa: S603
        command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if completed.returncode:
        raise PostgresqlFailed(f"{name} failed: {' '.join(completed.stderr.split()) or completed.returncode}")


def parameters(url: URL) -> dict[str, Any]:
    """The connection parameters of libpq."""
    return dict(url.get_dialect()().create_connect_args(url)[1])


def dump(url: str, to: Path) -> None:
    """Write a consistent dump, also while others write.

    Raises:
        PostgresqlFailed
    """
    run("pg_dump", make_url(url), "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")


@contextmanager
def loaded(url: str, file: Path) -> Iterator[str]:
    """The URL of a new database with the content of a dump. It is dropped at the end, if it still has its name.

    Raises:
        PostgresqlFailed
    """
    name = name_beside(url, f"restore_{secrets.token_hex(4)}")
    draft = make_url(url).set(database=name)
    with server(url) as connection:
        drop_leftovers(connection, name[:-8])
        create(connection, name, like=make_url(url).database or "")
        try:
            run("pg_restore", draft, "--no-owner", "--no-privileges", "--exit-on-error", str(file))
            yield draft.render_as_string(hide_password=False)
        finally:
            connection.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))


def replace(draft: str, url: str) -> str | None:
    """Give a database the name of another one, which is kept under a name of its own.

    Returns:
        Name of the former database; None if there was none.

    Raises:
        InUse, PostgresqlFailed: nothing was changed.
    """
    target, new = make_url(url).database or "", make_url(draft).database or ""
    stamp = f"{now():%Y%m%dt%H%M%S%f}"
    former_name = name_beside(url, f"before_{stamp}")
    rename = SQL("ALTER DATABASE {} RENAME TO {}")
    with server(url) as connection:
        has_former = exists(connection, target)
        with connection.transaction():
            if has_former:
                connection.execute(rename.format(Identifier(target), Identifier(former_name)))
            connection.execute(rename.format(Identifier(new), Identifier(target)))
        drop_old(connection, former_name.removesuffix(stamp))
    return former_name if has_former else None


def refuse_used(url: str) -> None:
    """Wait until no other program is connected to a database, for a limited time.

    Raises:
        InUse: another program is connected to the database, also after ``DISCONNECTED_WITHIN``.
    """
    until = monotonic() + DISCONNECTED_WITHIN
    with server(url) as connection:
        while connection.execute(CONNECTED, [make_url(url).database]).fetchone():
            if monotonic() >= until:
                raise InUse
            sleep(0.1)


def name_beside(url: str, ending: str) -> str:
    return f"{(make_url(url).database or '')[: LONGEST - len(ending) - 1]}_{ending}"


@contextmanager
def server(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection for statements about databases, to one that every server has."""
    conninfo = parameters(make_url(url)) | {"dbname": "postgres", "autocommit": True, "connect_timeout": 5}
    try:
        with closing(psycopg.connect(**conninfo)) as connection:
            yield connection
    except psycopg.errors.ObjectInUse as error:
        raise InUse from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise PostgresqlFailed(
            f"The database user {conninfo.get('user', '')} may not create and rename databases. Allow it for now, with "
            f"ALTER ROLE … CREATEDB and as their owner, or restore with pg_restore"
        ) from error
    except psycopg.Error as error:
        raise PostgresqlFailed(" ".join(str(error).split()).rstrip(".")) from error


def exists(connection: psycopg.Connection[Any], name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create(connection: psycopg.Connection[Any], name: str, *, like: str) -> None:
    """Create an empty database, with the encoding and the collation of another one if that exists."""
    query = "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database WHERE datname = %s"
    statement = SQL("CREATE DATABASE {} TEMPLATE template0").format(Identifier(name))
    if found := connection.execute(query, [like]).fetchone():
        statement += SQL(" ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(*map(Literal, found))
    connection.execute(statement)


def drop_leftovers(connection: psycopg.Connection[Any], prefix: str) -> None:
    """Drop the drafts of processes that were killed; one that is in use is that of another restore."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    for (name,) in connection.execute(query, [prefix]).fetchall():
        with suppress(psycopg.errors.ObjectInUse):
            connection.execute(SQL("DROP DATABASE {}").format(Identifier(name)))


def drop_old(connection: psycopg.Connection[Any], prefix: str) -> None:
    """Drop the former databases but for the newest ``COPIES``."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY datname DESC"
    for (name,) in connection.execute(query, [prefix]).fetchall()[COPIES:]:
        connection.execute(SQL("DROP DATABASE {}").format(Identifier(name)))
