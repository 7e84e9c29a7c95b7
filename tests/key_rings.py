"""Changes of the signing keys of a site, as a command makes them."""

from datetime import timedelta

from flask import Flask

from webapp.core.db import Database
from webapp.core.keys import KeyRing, SigningKey
from webapp.web.registry import services_of


def rotate(app: Flask, overlap: timedelta) -> SigningKey:
    with services_of(app).get(Database).write() as db:
        return services_of(app).get(KeyRing).rotate(db, overlap)


def replace(app: Flask) -> SigningKey:
    with services_of(app).get(Database).write() as db:
        return services_of(app).get(KeyRing).replace(db)


def retire(app: Flask, kid: str) -> None:
    with services_of(app).get(Database).write() as db:
        services_of(app).get(KeyRing).retire(db, kid)
