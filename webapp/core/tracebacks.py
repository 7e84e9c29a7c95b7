"""Tracebacks for logs: exception types and frames, without messages, arguments or values."""

import re
import sys
import threading
import traceback
from collections.abc import Iterator
from types import TracebackType

# Attributes that identify a database or system error: numbers and constant names, set by the driver.
CODES = ("errno", "sqlstate", "sqlite_errorname", "smtp_code")
CODE = re.compile("[0-9A-Za-z_]{1,40}")
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def traceback_of(error: BaseException) -> str:
    """The traceback of ``error`` and of the exceptions behind it, as Python prints it, but without their messages.

    A message may quote the value that failed: a token, a row, a parameter of a statement (PostgreSQL quotes the values
    that violate a constraint). Source lines contain no values and are included.
    """
    return "".join(parts(error, set())).rstrip("\n")


def parts(error: BaseException, seen_ids: set[int]) -> Iterator[str]:
    seen_ids.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in seen_ids:
        yield from parts(before, seen_ids)
        yield CAUSE if error.__cause__ is not None else CONTEXT
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):\n"
        yield from traceback.format_tb(error.__traceback__)
    yield f"{name_of(error)}{''.join(codes_of(error))}\n"
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            if id(member) not in seen_ids:
                yield "\nIn this group:\n\n"
                yield from parts(member, seen_ids)


def name_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def codes_of(error: BaseException) -> Iterator[str]:
    # SQLAlchemy wraps the error of the driver, which has the codes.
    for source in (error, getattr(error, "orig", None)):
        for name in CODES:
            value = getattr(source, name, None)
            if isinstance(value, int) or (isinstance(value, str) and CODE.fullmatch(value)):
                yield f" {name}={value}"


def print_uncaught() -> None:
    """Print uncaught exceptions of commands and threads in the same way."""
    sys.excepthook = print_exception
    threading.excepthook = print_of_thread


def print_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    # The operator needs the name of the file that could not be read.
    file = f" file={error.filename!r}" if isinstance(error, OSError) and error.filename else ""
    sys.stderr.write(f"{traceback_of(error)}{file}\n")


def print_of_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
        name = args.thread.name if args.thread is not None else "unknown"
        sys.stderr.write(f"Exception in thread {name}:\n{traceback_of(args.exc_value)}\n")
