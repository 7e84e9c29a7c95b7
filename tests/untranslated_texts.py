"""Finds texts of templates and Python that people read and that nobody marked for translation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment

LETTERS = re.compile(r"[^\W\d_]{2,}")
# What is the same in every language: code, drawings, names of formats.
SAME = re.compile(r"<(svg|code|pre)\b.*?</\1>|<!doctype[^>]*>", re.DOTALL)
PATH = re.compile(r"/[\w/?=&.-]*")
TAG = re.compile(r"<[^>]*>")
ATTRIBUTE = re.compile(r'\b(?:aria-label|title|placeholder|alt|label)="([^"]*)"')
VALUE = "\0"
MARKS = {"_", "_l", "_n"}
# Calls whose texts people read, and which of the arguments these are.
READ = {
    "Problem": {1, 2, "title", "detail"},
    "flash": {0},
    "redirect_or_json": {1, "message"},
    "Action": {0, "label"},
    "RequirementStep": {0, "words"},
    "ValidationError": {0},
    "StopValidation": {0},
    "InputRequired": {0, "message"},
    "DataRequired": {0, "message"},
    "Length": {"message"},
    "NumberRange": {"message"},
    "Regexp": {1, "message"},
}
# Forms that are on no page: labels and descriptions of their fields are read in the API description alone.
CONFIGURATIONS = {".conf", ".yml"}
"""Of reverse proxies, which a command prints."""
FOR_SCRIPTS = "webapp/login/views/api/forms.py"
JINJA = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)


def unmarked_in_template(source: str) -> list[str]:
    """Text outside ``_()`` and ``{% trans %}``: of elements, and of attributes that are read out or shown."""
    html = SAME.sub("", outside_of_trans(source))
    attributes = [found[1] for found in ATTRIBUTE.finditer(html)]
    texts = [text.strip() for text in [*attributes, *re.split(f"[{VALUE}\n]", TAG.sub("\n", html))]]
    return [text for text in texts if LETTERS.search(text) and not PATH.fullmatch(text)]


def outside_of_trans(source: str) -> str:
    """The template with ``VALUE`` for every expression, and without the texts between ``trans`` and ``endtrans``."""
    kept, is_marked, word = [], False, ""
    for _line, kind, value in JINJA.lex(source):
        if kind == "block_begin":
            word = ""
        elif kind == "name" and not word:
            word = value
            is_marked = {"trans": True, "endtrans": False}.get(word, is_marked)
        elif kind == "variable_begin":
            kept.append(VALUE)
        elif kind == "data" and not is_marked:
            kept.append(value)
    return "".join(kept)


def unmarked_in_python(source: str, *, is_for_people: bool = True) -> list[str]:
    """Literals where a form, a problem or a flash message takes a text, and marks within f-strings, which hide them.

    Args:
        is_for_people: whether labels and descriptions of fields are on a page.
    """
    tree = ast.parse(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [text for call in calls if is_for_people or not name_of(call).endswith("Field") for text in literals(call)]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found += [
                ast.unparse(call) for call in ast.walk(node) if isinstance(call, ast.Call) and name_of(call) in MARKS
            ]
    return found


def literals(call: ast.Call) -> Iterator[str]:
    name = name_of(call)
    read = {0, "label", "description"} if name.endswith("Field") else READ.get(name, set())
    # What is said of a hidden field is read in the API description alone.
    read = read - {"description"} if name == "HiddenField" else read
    given: list[tuple[int | str | None, ast.expr]] = [
        *enumerate(call.args),
        *((word.arg, word.value) for word in call.keywords),
    ]
    for place, value in given:
        if place in read and LETTERS.search(literal_text(value)):
            yield ast.unparse(value)


def literal_text(value: ast.expr) -> str:
    """A string, or what stands between the values of an f-string; empty for anything else."""
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    return "".join(part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str))


def name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def unmarked(root: Path) -> dict[str, list[str]]:
    """Every file of ``webapp`` and ``templates`` with texts that are not marked; commands and what they print are
    English."""
    found = {}
    for path in sorted([*(root / "templates").rglob("*.*"), *(root / "webapp").rglob("*.py")]):
        name = path.relative_to(root).as_posix()
        if not name.startswith(("webapp/cli/", "webapp/migrations/")) and path.suffix not in CONFIGURATIONS:
            source = path.read_text()
            is_python, is_for_people = path.suffix == ".py", name != FOR_SCRIPTS
            found[name] = (
                unmarked_in_python(source, is_for_people=is_for_people) if is_python else unmarked_in_template(source)
            )
    return {name: texts for name, texts in found.items() if texts}
