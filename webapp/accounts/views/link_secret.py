"""The secret of a mailed link, moved from the URL into the signed session cookie until it is used."""

from flask import session


def take(purpose: str, secret: str) -> None:
    session[key_of(purpose)] = secret


def secret_in_session(purpose: str) -> str:
    found = session.get(key_of(purpose))
    return found if isinstance(found, str) else ""


def drop(purpose: str) -> None:
    session.pop(key_of(purpose), None)


def key_of(purpose: str) -> str:
    return f"link:{purpose}"
