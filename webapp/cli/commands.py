"""Click commands and groups whose argument values may begin with a dash."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

import click

# A word that may be a misspelt option; IDs and e-mail addresses have digits, capital letters, dots or an @.
OPTION_LIKE = re.compile(r"--?[a-z][a-z-]*(=.*)?", re.DOTALL)


# The program as texts and examples name it.
PROGRAM = "python -m webapp"


def with_program_name(text: str, ctx: click.Context) -> str:
    """The text with the name by which the program was started, such as ``latchkey``."""
    return text.replace(PROGRAM, ctx.find_root().info_name or PROGRAM)


class NamesProgram(click.Command):
    """Names the program in its help as it was started."""

    def get_help(self, ctx: click.Context) -> str:
        return with_program_name(super().get_help(ctx), ctx)


class Command(NamesProgram):
    """A command that reads ``-h3te7j`` as the value of its argument, not as ``-h``.

    Click reads every word that begins with a dash as an option. Older key IDs (RFC 7638 thumbprints) and e-mail
    addresses may begin with a dash. A word that looks like an option, such as ``--jsn``, is still refused as
    misspelt; after ``--`` every word is a value (POSIX Utility Syntax Guidelines, 10).
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not any(isinstance(param, click.Argument) for param in self.params):
            return super().parse_args(ctx, args)
        try:
            return super().parse_args(ctx, values_last(args, self.get_params(ctx)))
        except click.NoSuchOption as error:
            hint = f"{error.format_message()} Put a value that begins with a dash after --."
            raise click.UsageError(hint, ctx) from error


class CommandGroup(NamesProgram, click.Group):
    command_class = Command
    former_names: Mapping[str, str] = MappingProxyType({})
    """Present names of commands by former ones, which are still accepted and in no list."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return super().get_command(ctx, self.former_names.get(cmd_name, cmd_name))


def values_last(args: Sequence[str], params: Sequence[click.Parameter]) -> list[str]:
    """The same words in an order that Click reads correctly: options, ``--``, values.

    Args:
        args: the words after the name of the command.
        params: all parameters of the command, its ``--help`` included.
    """
    known = {name: option for option in params if isinstance(option, click.Option) for name in option.opts}
    options, values, words = list[str](), list[str](), iter(args)
    for word in words:
        if word == "--":
            values += words
        elif is_option(word, known):
            options += [word, *own_value(word, known, words)]
        else:
            values.append(word)
    return [*options, "--", *values]


def is_option(word: str, known: dict[str, click.Option]) -> bool:
    if len(word) < 2 or word[0] != "-":
        return False
    has_its_value = word[:2] in known and not known[word[:2]].is_flag and len(word) > 2
    return word in known or has_its_value or OPTION_LIKE.fullmatch(word) is not None


def own_value(word: str, known: dict[str, click.Option], words: Iterator[str]) -> Iterator[str]:
    """The word after an option, where it is that option's value."""
    if word in known and not known[word].is_flag and (value := next(words, None)) is not None:
        yield value
