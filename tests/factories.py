"""Things to test with, made by plain functions; every argument is optional."""

from datetime import timedelta
from itertools import count

from argon2 import PasswordHasher
from flask import Flask

from webapp.accounts.models import User
from webapp.accounts.registration import NewUser, add
from webapp.credentials.lifecycle import Proof
from webapp.guard.authority import Authority
from webapp.kernel.clock import now
from webapp.kernel.db import Database
from webapp.tokens.lifecycle import Issued, Issuer, Wish

PASSWORD = "correct horse battery staple"
# Real argon2id, at the least it can be asked: a suite logs in hundreds of times.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASHED = QUICK.hash(PASSWORD)

numbers = count(1)


def user(app: Flask, name: str | None = None, *, role: str = "user", email: str | None = None) -> User:
    name = name or f"person{next(numbers)}"
    with database_of(app).write() as db:
        new = NewUser(username=name, email=email or f"{name}@example.org", password_hash=HASHED, role=role)
        return add(db, new, origin="test")


def api_token(
    app: Flask,
    owner: User,
    *scopes: str,
    name: str | None = None,
    lifetime: timedelta = timedelta(days=7),
    once: str | None = None,
    authority: Authority | None = None,
) -> Issued:
    issuer: Issuer = app.extensions["issuer"]
    wish = Wish(
        name=name or f"script {next(numbers)}",
        authority=authority or Authority(scopes=frozenset(scopes or ("profile:read", "protected:read", "tokens:read"))),
        lifetime=lifetime,
        origin="page",
        once=once,
    )
    with database_of(app).write() as db:
        return issuer.issue(db, owner.id, wish, Proof(now(), "pwd"))


def database_of(app: Flask) -> Database:
    database: Database = app.extensions["database"]
    return database
