"""Files of users: CSV, JSON lines and htpasswd, read line by line with bounded memory."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO

import msgspec

# Maximum length of a line in bytes; no user needs as much.
LONGEST_LINE = 64 * 1024
TOO_LONG = f"The line is longer than {LONGEST_LINE // 1024} KiB."
DELIMITERS = ",;\t"

Fields = Mapping[str, object]


class InvalidImportFile(Exception):
    """A file cannot be read from some line on; the message says why."""


@dataclass(frozen=True, slots=True)
class Line:
    number: int
    """Number of the line, from 1 as in editors."""
    fields: Fields
    problem: str | None = None
    """Why it cannot be read."""


def read_json_lines(file: IO[bytes]) -> Iterator[Line]:
    """One JSON object on each line; blank lines are skipped."""
    for number, text in lines_of(file):
        if text is None:
            yield Line(number, {}, TOO_LONG)
        elif text.strip():
            yield json_line(number, text)


def json_line(number: int, text: bytes) -> Line:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Line(number, {}, f"This is not valid JSON: {error}.")
    if not isinstance(found, dict):
        return Line(number, {}, "This is not a JSON object.")
    return Line(number, found)


def read_htpasswd(file: IO[bytes]) -> Iterator[Line]:
    """``name:hash`` on each line, as Apache's htpasswd writes it; blank lines and comments are skipped."""
    for number, text in lines_of(file):
        if text is None:
            yield Line(number, {}, TOO_LONG)
        elif text.strip() and not text.lstrip().startswith(b"#"):
            yield htpasswd_line(number, text)


def htpasswd_line(number: int, text: bytes) -> Line:
    try:
        name, colon, hashed = text.decode().strip().partition(":")
    except UnicodeDecodeError:
        return Line(number, {}, "The line is not UTF-8.")
    if not colon:
        return Line(number, {}, "There is no colon between name and hash.")
    return Line(number, {"username": name, "password_hash": hashed})


def lines_of(file: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its number; None instead of one that is too long. A byte order mark is left out."""
    number = 0
    while text := file.readline(LONGEST_LINE + 1):
        number += 1
        is_too_long = len(text) > LONGEST_LINE
        while len(text) > LONGEST_LINE:
            text = file.readline(LONGEST_LINE + 1)
        yield number, None if is_too_long else text.removeprefix(b"\xef\xbb\xbf" if number == 1 else b"")


def read_csv(file: IO[bytes]) -> Iterator[Line]:
    """A header line with the names of the fields, then one user on each line. Commas, semicolons or tabs separate.

    Raises:
        InvalidImportFile
    """
    lines = decoded_lines(file)
    header = next(lines, "")
    delimiter = max(DELIMITERS, key=header.count)
    columns = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    if not any(columns):
        raise InvalidImportFile("It is empty. Its first line must name the fields.")
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 2
    while True:
        try:
            cells = next(rows, None)
        except csv.Error as error:
            # What follows an open quotation mark is not read as lines any more.
            raise InvalidImportFile(f"Line {number} is not valid CSV: {error}.") from error
        if cells is None:
            return
        if cells:
            yield csv_line(number, columns, cells)
        number = rows.line_num + 2


def decoded_lines(file: IO[bytes]) -> Iterator[str]:
    """Decode lines; bytes that are not UTF-8 become surrogates, which no field may have.

    Raises:
        InvalidImportFile: a line is too long. A row may go on over several lines, so the next row cannot be found.
    """
    for number, text in lines_of(file):
        if text is None:
            raise InvalidImportFile(f"Line {number} is longer than {LONGEST_LINE // 1024} KiB.")
        yield text.decode(errors="surrogateescape")


def csv_line(number: int, columns: list[str], cells: list[str]) -> Line:
    if len(cells) != len(columns):
        return Line(number, {}, f"It has {len(cells)} fields, and the first line names {len(columns)}.")
    return Line(number, dict(zip(columns, cells, strict=True)))


READERS: Mapping[str, Callable[[IO[bytes]], Iterator[Line]]] = {
    "csv": read_csv,
    "jsonl": read_json_lines,
    "htpasswd": read_htpasswd,
}
ENDINGS = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".htpasswd": "htpasswd"}


def format_of(name: str) -> str | None:
    """The format that the extension of a file name indicates, if any."""
    name = name.lower()
    return "htpasswd" if name == "htpasswd" else next((f for end, f in ENDINGS.items() if name.endswith(end)), None)
