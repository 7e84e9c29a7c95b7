"""client_called(): the app that a command names; print_registered(): its credentials."""

import click
from sqlalchemy.orm import Session

from webapp.cli.errors import CommandRefused
from webapp.cli.output import print_note
from webapp.oauth import clients
from webapp.oauth.models import OAuthClient


def client_called(db: Session, name: str) -> OAuthClient:
    """The client with this name or client_id.

    Raises:
        CommandRefused
    """
    client = clients.by_name_or_id(db, name)
    if client is None:
        raise CommandRefused(f"There is no app {name}. List them with: python -m webapp client list")
    return client


def print_registered(client_id: str, secret: str | None) -> None:
    click.echo(f"client_id={client_id}")
    if secret is not None:
        click.echo(f"client_secret={secret}")
        print_note("The secret is shown only now.")
