"""Arguments that begin with a dash: every command takes them as values, and nothing that we make begins with one."""

from collections.abc import Iterator
from contextlib import closing
from copy import copy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import click
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.cli.conftest import PASSWORD
from tests.cli.test_program import commands
from webapp.accounts import roles
from webapp.accounts.names import InvalidUserName, checked_name
from webapp.cli.program import program
from webapp.core import signing_keys
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.core.key_material import FAMILIES
from webapp.core.key_table import KeyTable
from webapp.core.ratelimit import Limit
from webapp.core.signing_keys import SigningKey, asymmetric, text_of
from webapp.settings import Settings

DASHED = [
    pytest.param("-h3te7jQ-x_", id="a key id that begins like -h"),
    pytest.param("--3te7jQ-x_", id="a key id that begins with two dashes"),
    pytest.param("-ada@example.org", id="an e-mail address"),
    pytest.param("-backup.db", id="a file"),
    pytest.param("-", id="a dash"),
]
# Numbers whose ES256 keys have kids that begin with "-h", "--" and a letter.
DASH_H, TWO_DASHES, LETTER = 2061, 348, 1
# By argument: what a command takes there, and why it cannot look like an option. A new argument is refused until it
# stands here.
MADE = {
    "kid": "generate() makes no kid that begins with a dash",
    "token_id": "a UUID",
    "words": "the name of a blueprint is a Python identifier, and the message a sentence of its developer",
    "mail_id": "a UUID",
    "role": "a role's name begins with a letter",
    "name": "a user's name begins with a letter or digit; an e-mail address need not",
    "names": "names of users, which begin with a letter or digit",
    "user": "a user's name begins with a letter or digit; an e-mail address need not",
    "email": "an e-mail address, which an operator types",
    "who": "e-mail addresses and notes, which an operator types",
    "file": "a path, which an operator chooses",
    "slug": "the short name of a provider or app, which begins with a letter or digit",
    "slugs": "short names of apps, which begin with a letter or digit",
    "proxy": "one of three words",
    "path": "a pattern, which begins with a slash",
    "url": "a path, which begins with a slash, or a URL, which begins with its scheme",
    "number": "of a rule, from 1",
    "to": "the place of a rule, from 1",
    "prefix": "the beginning of a key that `limits list` shows, which begins with a word of ours",
}


def command_at(words: list[str]) -> click.Command:
    found: click.Command = program
    for word in words:
        assert isinstance(found, click.Group)
        known = found.get_command(click.Context(found), word)
        assert known is not None
        found = known
    return found


def parameters(kind: type[click.Parameter]) -> Iterator[tuple[list[str], click.Parameter]]:
    for case in commands(program):
        (words,) = case.values
        for param in command_at(words).params:
            if isinstance(param, kind):
                yield words, param


def is_text(param: click.Parameter) -> bool:
    is_flag = isinstance(param, click.Option) and param.is_flag
    return isinstance(param.type, click.types.StringParamType | click.Path) and not is_flag


def named(words: list[str], param: click.Parameter) -> str:
    return f"{' '.join(words)} {param.opts[0]}"


ARGUMENTS = [pytest.param(words, param, id=named(words, param)) for words, param in parameters(click.Argument)]
TAKE_TEXT = [case for case in ARGUMENTS if is_text(case.values[1])]
OPTIONS = [
    pytest.param(words, param, id=named(words, param))
    for words, param in parameters(click.Option)
    if is_text(param) and param.callback is None
]


def read(words: list[str], *args: str) -> dict[str, object]:
    """What the command is given for such a line; it is not run."""
    # A copy, whose arguments may be left out, below the program, which says how help is asked for.
    command = copy(command_at(words))
    command.params = [copy(param) for param in command.params]
    for param in command.params:
        param.required = False
    with click.Context(program, **program.context_settings) as above:
        return command.make_context(words[-1], list(args), parent=above).params


@pytest.fixture(autouse=True, scope="module")
def _any_file() -> Iterator[None]:
    """Whether a file exists is not asked here, nor whether an option that is required is there."""
    with pytest.MonkeyPatch.context() as patch:
        for _, param in (*parameters(click.Argument), *parameters(click.Option)):
            patch.setattr(param, "required", param.required)
            if isinstance(param.type, click.Path):
                patch.setattr(param.type, "exists", False)
        yield


def expected(param: click.Parameter, *values: str) -> object:
    if param.nargs == -1:
        return values
    return Path(values[0]) if isinstance(param.type, click.Path) else values[0]


@pytest.mark.parametrize("value", DASHED)
@pytest.mark.parametrize(("words", "param"), TAKE_TEXT)
def test_every_argument_accepts_a_value_that_begins_with_a_dash(words, param, value):
    command = command_at(words)
    before = [
        "0" if isinstance(other.type, click.types.StringParamType) else str(UUID(int=7))
        for other in command.params[: command.params.index(param)]
        if isinstance(other, click.Argument)
    ]
    assert read(words, *before, value)[param.name] == expected(param, value)
    assert read(words, *before, "--", value)[param.name] == expected(param, value)


@pytest.mark.parametrize(("words", "param"), OPTIONS)
def test_every_option_accepts_a_value_that_begins_with_a_dash(words, param):
    given = read(words, param.opts[0], "-h3te7jQ-x_")[param.name]
    assert given == expected(param, "-h3te7jQ-x_") or given == ("-h3te7jQ-x_",)


@pytest.mark.parametrize(("words", "param"), ARGUMENTS)
@pytest.mark.parametrize("typed", ["--jsn", "-x", "--expire=5d", "-vq"])
def test_a_misspelt_option_is_not_taken_as_a_value(words, param, typed):
    with pytest.raises(click.UsageError, match=r"No such option.*begins with a dash after --"):
        read(words, typed)
    if is_text(param) and param.nargs == -1:
        assert read(words, "--", typed)[param.name] == (typed,)


@pytest.mark.parametrize(("words", "param"), ARGUMENTS)
def test_help_is_not_taken_as_a_value(words, param):
    for asked in ("-h", "--help"):
        with pytest.raises(click.exceptions.Exit):
            read(words, asked)


@pytest.mark.parametrize(("words", "param"), ARGUMENTS)
def test_every_argument_is_in_the_table(words, param):
    assert param.name in MADE
    assert (param.type is click.UUID) == (MADE[param.name] == "a UUID")


@pytest.mark.parametrize("algorithm", [*FAMILIES, "HS256"])
def test_new_key_ids_do_not_begin_with_a_dash(algorithm, monkeypatch):
    kids = iter(["-one", "--two", "three"])
    monkeypatch.setattr(signing_keys, "thumbprint", lambda *_, **__: next(kids))
    monkeypatch.setattr(signing_keys.secrets, "token_urlsafe", lambda *_: next(kids))
    if algorithm in FAMILIES:
        ready = ec.derive_private_key(LETTER, ec.SECP256R1())
        monkeypatch.setitem(FAMILIES, algorithm, replace(FAMILIES[algorithm], make=lambda: ready))
    assert not signing_keys.generate(algorithm, now()).kid.startswith("-")


def numbered(number: int) -> SigningKey:
    return asymmetric(ec.derive_private_key(number, ec.SECP256R1()), algorithm="ES256", created_at=now())


@pytest.mark.parametrize("number", [DASH_H, TWO_DASHES])
def test_an_older_key_whose_id_begins_with_a_dash_can_be_retired(run, instance, number):
    settings = Settings.from_env({"WEBAPP_INSTANCE": str(instance), "WEBAPP_SIGNING_ALGORITHM": "ES256"})
    old = numbered(number)
    assert old.kid.startswith("-")
    both = [numbered(LETTER), replace(old, private=None, retired_at=now())]
    with closing(Database(settings.database)) as database, database.write() as db:
        KeyTable(database, settings).store(db, "signing_keys", text_of(both))
    done = run(f"keys retire {old.kid}", WEBAPP_SIGNING_ALGORITHM="ES256")
    assert (done.exit_code, done.stderr) == (0, f"Tokens signed with {old.kid} are no longer accepted.\n")


def test_a_user_whose_email_address_begins_with_a_dash_is_found(run):
    assert run("user add ada --email -ada@example.org --password-stdin", typed=PASSWORD).exit_code == 0
    assert run("user show -ada@example.org").exit_code == 0
    assert run("user disable -- -ada@example.org").exit_code == 0


@pytest.mark.parametrize("name", ["-ada", "--ada", "−ada", "‐ada", "-", "_ada", ".ada"])
def test_a_user_name_cannot_look_like_an_option(name):
    with pytest.raises(InvalidUserName):
        checked_name(name)


@pytest.mark.parametrize("name", ["-role", "--role", "_role", "-"])
def test_a_role_name_cannot_look_like_an_option(name):
    assert roles.NAME.fullmatch(name) is None


def test_keys_of_counts_do_not_look_like_options():
    assert not Limit("login-network", 10, timedelta(hours=1)).key(["-h3te7j"]).startswith("-")
