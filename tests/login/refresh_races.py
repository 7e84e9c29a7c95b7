"""Rounds in which two processes present one refresh token at once, and what became of it."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from tests.races import Pair
from tests.script import Script
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.login.refresh_grant import RefreshGrant
from webapp.tokens import refresh_families
from webapp.tokens.models import RefreshToken
from webapp.tokens.refresh_families import FamilyTerms, RefreshLifetimes, ScriptClient
from webapp.web.registry import services_of

HERE = ScriptClient("a rival", None)


@dataclass(frozen=True)
class Round:
    """What two heard who presented one token at once, and what became of it."""

    codes: list[str]
    successors: set[str]
    generations: list[int]
    is_over: bool
    live_tokens: int


def raced(app: Flask, user: User, pair: Pair, count: int, call: str = "refresh") -> list[Round]:
    """
    Args:
        call: the function of this module that each process calls.
    """
    begun = begin(app, user, count)
    answers = pair.race(app, f"tests.login.refresh_races.{call}", ([secret] for _, secret in begun))
    generations, members = defaultdict[UUID, list[int]](list), defaultdict[UUID, list[Credential]](list)
    with services_of(app).get(Database).read() as db:
        for family_id, generation in db.execute(select(RefreshToken.family_id, RefreshToken.generation)):
            generations[family_id].append(generation)
        for member in db.scalars(select(Credential).where(Credential.family_id.is_not(None))):
            members[member.family_id].append(member)
        heads = [db.get_one(Credential, family_id) for family_id, _ in begun]
    return [
        Round(
            codes=[answer.split()[0] for answer in heard],
            successors={answer.split()[1] for answer in heard if " " in answer},
            generations=sorted(generations[head.id]),
            is_over=head.revoked_at is not None,
            live_tokens=sum(member.is_live(now()) for member in members[head.id]),
        )
        for heard, head in zip(answers, heads, strict=True)
    ]


def begin(app: Flask, user: User, count: int) -> list[tuple[UUID, str]]:
    """So many logins of scripts: the id of each, and its refresh token."""
    terms = FamilyTerms(
        TokenGrant(scopes=frozenset({"protected:read"})), timedelta(hours=1), services_of(app).get(RefreshLifetimes)
    )
    with services_of(app).get(Database).write() as db:
        made = [
            refresh_families.begin(db, user.id, terms, HERE, AuthenticationProof(now(), "pwd")) for _ in range(count)
        ]
        return [(family.credential.id, family.secret) for family in made]


def refresh(app: Flask, secret: str) -> str:
    """What one of the two processes does."""
    answer = Script(app).post("/api/auth/refresh", json={"refresh_token": secret})
    return f"won {answer.json['refresh_token']}" if answer.status_code == 200 else str(answer.json["code"])


def refresh_twice(app: Flask, secret: str) -> str:
    """As two threads of a script: whichever is faster uses the successor before the other has asked for it."""
    first = refresh(app, secret)
    return refresh(app, first.split()[1]) if " " in first else first


def refresh_without_overlap(app: Flask, secret: str) -> str:
    services_of(app).replace(RefreshGrant)(replace(services_of(app).get(RefreshGrant), overlap=timedelta()))
    return refresh(app, secret)
