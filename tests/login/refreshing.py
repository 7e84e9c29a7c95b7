"""Processes that refresh as fast as they are told, and the rounds in which two of them present one token at once."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from tests.script import Script
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.credentials.lifecycle import Proof
from webapp.credentials.models import Credential
from webapp.guard.authority import Authority
from webapp.kernel.clock import now
from webapp.settings import Settings
from webapp.tokens import families
from webapp.tokens.families import Caller, Terms
from webapp.tokens.models import RefreshToken

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Round:
    """What two heard who presented one token at once, and what became of it."""

    codes: list[str]
    successors: set[str]
    generations: list[int]
    is_over: bool
    live_tokens: int


@contextmanager
def rivals(settings: Settings, *arguments: str) -> Iterator[list[subprocess.Popen[str]]]:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("WEBAPP_")}
    environ = bare | {
        "WEBAPP_INSTANCE": str(settings.instance),
        "WEBAPP_DATABASE_URL": settings.database_url,
        "WEBAPP_LOG_LEVEL": "error",
        "WEBAPP_LOGIN_TRIES_PER_ADDRESS": "100000",
    }
    command = [sys.executable, "-m", "tests.login.refreshing", *arguments]
    pair = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        for rival in pair:
            assert rival.stdout is not None
            assert rival.stdout.readline() == "ready\n"
        yield pair
    finally:
        for rival in pair:
            rival.communicate(timeout=20)


def one_round(app: Flask, user: User, pair: list[subprocess.Popen[str]]) -> Round:
    family_id, secret = begun(app, user)
    for rival in pair:
        assert rival.stdin is not None
        rival.stdin.write(secret + "\n")
        rival.stdin.flush()
    heard = [str(rival.stdout.readline()).split() for rival in pair if rival.stdout is not None]
    with app.extensions["database"].read() as db:
        kept = db.scalars(select(RefreshToken.generation).where(RefreshToken.family_id == family_id)).all()
        members = db.scalars(select(Credential).where(Credential.family_id == family_id)).all()
        return Round(
            codes=sorted(answer[0] for answer in heard),
            successors={answer[1] for answer in heard if len(answer) > 1},
            generations=sorted(kept),
            is_over=db.get_one(Credential, family_id).revoked_at is not None,
            live_tokens=sum(member.is_live(now()) for member in members),
        )


def begun(app: Flask, user: User) -> tuple[UUID, str]:
    terms = Terms(Authority(scopes=frozenset({"protected:read"})), timedelta(hours=1), app.extensions["script_ends"])
    with app.extensions["database"].write() as db:
        made = families.begin(db, user.id, terms, Caller("a rival", None), Proof(now(), "pwd"))
        return made.credential.id, made.secret


def main() -> None:
    app = create_app(Settings.from_env())
    if "--unforgiving" in sys.argv:
        app.extensions["renewal"] = replace(app.extensions["renewal"], grace=timedelta())
    print("ready", flush=True)
    for line in sys.stdin:
        answer = Script(app).post("/api/auth/refresh", json={"refresh_token": line.strip()})
        heard = ("won", answer.json["refresh_token"]) if answer.status_code == 200 else (answer.json["code"],)
        print(*heard, flush=True)
    close(app)


if __name__ == "__main__":
    main()
