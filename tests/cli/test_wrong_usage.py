"""Wrong usage of any command exits with 2, prints nothing on standard output and changes nothing."""

from collections.abc import Iterator
from uuid import uuid4

import click
import pytest
from click.testing import CliRunner

from tests.cli.test_program import commands
from tests.tables import contents
from webapp.cli.durations import Duration
from webapp.cli.program import program

COMMANDS = [case.values[0] for case in commands(program)]
UNFIT = {
    click.Choice: "nonsense",
    click.IntRange: "many",
    click.DateTime: "soon",
    Duration: "soon",
    type(click.UUID): "laptop",
}
FIT = {click.IntRange: "1", click.DateTime: "2026-01-01", Duration: "1h", type(click.UUID): str(uuid4())}


def command_of(words: list[str]) -> click.Command:
    found: click.Command = program
    for word in words:
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), word)
        assert inner is not None
        found = inner
    return found


def fit(param: click.Parameter) -> str:
    """A value that the type of a parameter accepts."""
    kind = param.type
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.Path):
        return __file__
    return next((value for known, value in FIT.items() if isinstance(kind, known)), "1d" if "d" in kind.name else "x")


def complete(words: list[str], without: click.Parameter | None = None) -> list[str]:
    """A command line with everything that the command requires, except one parameter."""
    needed = [param for param in command_of(words).params if param.required and param is not without]
    options = [word for param in needed if isinstance(param, click.Option) for word in (param.opts[0], fit(param))]
    values = [fit(param) for param in needed if isinstance(param, click.Argument)]
    return [*words, *options, *values]


def required() -> Iterator[object]:
    for words in COMMANDS:
        for param in command_of(words).params:
            if param.required:
                yield pytest.param(words, param, id=f"{' '.join(words)} without {param.name}")


def without_more() -> Iterator[object]:
    for words in COMMANDS:
        if all(param.nargs != -1 for param in command_of(words).params if isinstance(param, click.Argument)):
            yield pytest.param(words, id=" ".join(words))


def typed() -> Iterator[object]:
    for words in COMMANDS:
        for param in command_of(words).params:
            unfit = [value for kind, value in UNFIT.items() if isinstance(param.type, kind)]
            if isinstance(param.type, click.IntRange):
                unfit += [str(param.type.min - 1)] if param.type.min is not None else []
                unfit += [str(param.type.max + 1)] if param.type.max is not None else []
            for value in unfit:
                yield pytest.param(words, param, value, id=f"{' '.join(words)} {param.name}={value}")


def refused(args: list[str]) -> None:
    done = CliRunner(env={"WEBAPP_INSTANCE": "/proc/nowhere"}).invoke(program, args)
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    # What is wrong with the command line, not that the instance cannot be used.
    assert "Error: " in done.stderr


@pytest.mark.parametrize(("words", "param"), list(required()))
def test_something_required_is_missing(words, param):
    refused(complete(words, without=param))


@pytest.mark.parametrize("words", list(without_more()))
def test_there_is_one_argument_too_many(words):
    values = [param for param in command_of(words).params if isinstance(param, click.Argument) and not param.required]
    refused([*complete(words), *map(fit, values), "one-more"])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--frobnicate", "--jsn=1", "-q"])
def test_an_option_is_unknown(words, option):
    refused([*complete(words), option])


@pytest.mark.parametrize(("words", "param", "value"), list(typed()))
def test_a_value_does_not_fit_its_type(words, param, value):
    args = complete(words, without=param)
    refused([*args, param.opts[0], value] if isinstance(param, click.Option) else [*words, value])


@pytest.mark.parametrize("words", [["nothing"], ["user", "nothing"], ["token", "--frobnicate"], ["--frobnicate"]])
def test_a_command_or_group_option_is_unknown(words):
    refused(words)


ID = uuid4()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(f"token rotate {ID} --overlap 8d", id="overlap too long"),
        pytest.param("keys rotate --signs-after 31d", id="wait too long"),
        pytest.param("invite grace --expires 0s", id="invitation without time"),
        pytest.param("invite grace --expires 99d", id="invitation for too long"),
        pytest.param("invite x@", id="no e-mail address to invite"),
        pytest.param("invite grace --role king", id="no role to invite to"),
        pytest.param("user add x@y --email x@ --password-stdin", id="no user name"),
        pytest.param("user add grace --email x@ --password-stdin", id="no e-mail address"),
        pytest.param("user add grace --role king --password-stdin", id="no role"),
        pytest.param("user add-service x@y --owner ada --purpose nightly", id="no name of a service account"),
        pytest.param("role create Über", id="no name of a role"),
        pytest.param("token mint ada --name a --scope protected:read", id="token name too short"),
        pytest.param("token mint ada --name job --scope nothing:read", id="no scope"),
        pytest.param("token mint ada --name job --scope protected:read --expires 0s", id="no lifetime"),
        pytest.param("token mint ada --name job --scope protected:read --expires 999d", id="lifetime too long"),
        pytest.param("token mint ada --name job --scope protected:read --resource /x", id="no path"),
        pytest.param("token mint ada --name job --scope protected:read --network 10/8", id="no network"),
        pytest.param("token mint ada --name job --scope protected:read --key x", id="no key"),
        pytest.param("token mint ada --name job --scope self:rotate --method GET", id="options that contradict"),
    ],
)
def test_a_value_that_only_the_site_can_judge_is_out_of_range_or_malformed(app, run, user, instance, command):
    before = contents(app)
    done = run(command, WEBAPP_INSTANCE=str(instance), typed="a good pass phrase of somebody\n")
    assert (done.exit_code, done.stdout) == (2, ""), done.output
    assert contents(app) == before


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(f"token rotate {ID}", id="no such token"),
        pytest.param(f"token revoke {ID}", id="no such token to revoke"),
        pytest.param("token mint grace --name job --scope protected:read", id="no such user"),
        pytest.param("token mint ada --name job --scope admin:read", id="a scope that the owner may not give"),
        pytest.param("token mint ada --name job --scope protected:read --expires never", id="forbidden by a setting"),
        pytest.param("keys retire nothing", id="no such key"),
        pytest.param("role show king", id="no such role"),
    ],
)
def test_what_is_not_found_or_not_allowed_is_no_wrong_usage(run, user, instance, command):
    done = run(command, WEBAPP_INSTANCE=str(instance))
    assert (done.exit_code, done.stdout) == (1, "")
