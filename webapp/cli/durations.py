"""Durations on the command line, written as in the settings: 90s, 10m, 12h, 7d."""

from datetime import timedelta

import click

from webapp.settings import types


class Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            return value if isinstance(value, timedelta) else types.duration(str(value))
        except ValueError as error:
            self.fail(f"{value!r} {error}", param, ctx)


# Stands for "never expires".
ENDLESS = timedelta.max


class Lifetime(Duration):
    """A duration, or ``never`` for no expiry."""

    name = "lifetime"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        return ENDLESS if value == "never" else super().convert(value, param, ctx)


DURATION, LIFETIME = Duration(), Lifetime()
